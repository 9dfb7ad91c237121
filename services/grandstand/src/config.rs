//! `grandstand config`: every option of every command, read from the command line's own definition.

pub(crate) mod check;
pub(crate) mod descriptors;
mod kinds;
mod print;
pub(crate) mod usage;
pub(crate) mod variables;

use std::process::ExitCode;

use clap::builder::BoolishValueParser;
use clap::{Arg, ArgAction, Args, Command};
use serde::Serialize;

/// How to print it
#[derive(Args)]
#[command(after_help = "Example: grandstand config --json")]
pub(crate) struct ConfigArgs {
    /// One JSON object a line, an option each
    #[arg(long, env = "GRANDSTAND_JSON", value_parser = BoolishValueParser::new())]
    json: bool,
    /// A page in Markdown
    #[arg(long, env = "GRANDSTAND_MARKDOWN", value_parser = BoolishValueParser::new())]
    markdown: bool,
}

/// One command and its options.
pub(crate) struct Section {
    /// As it is typed, such as `grandstand ops verify`.
    pub(crate) command: String,
    /// What it does.
    pub(crate) what: String,
    /// In the order in which `--help` shows them.
    pub(crate) settings: Vec<Setting>,
}

/// One option or argument.
#[derive(Debug, Serialize)]
pub(crate) struct Setting {
    /// Its flag, or the name of its place.
    pub(crate) name: String,
    /// Its environment variable.
    pub(crate) variable: Option<String>,
    /// What it takes.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// What it is unless given.
    pub(crate) default: Option<String>,
    /// Whether it must be given.
    pub(crate) required: bool,
    /// A sentence.
    pub(crate) what: String,
}

/// Prints every option.
pub(crate) fn run(args: &ConfigArgs, program: &Command) -> ExitCode {
    let sections = sections(program);
    let text = match (args.markdown, args.json) {
        (true, _) => print::markdown(&sections),
        (false, true) => print::json(&sections),
        (false, false) => print::text(&sections),
    };
    print!("{text}");
    ExitCode::SUCCESS
}

/// Every command that has options, the program itself first.
pub(crate) fn sections(program: &Command) -> Vec<Section> {
    let mut sections = Vec::new();
    collect(program, program.get_name(), &mut sections);
    sections
}

fn collect(command: &Command, path: &str, sections: &mut Vec<Section>) {
    let settings: Vec<Setting> = command
        .get_arguments()
        .filter(|arg| !arg.is_hide_set() && !is_built_in(arg))
        .map(setting)
        .collect();
    if !settings.is_empty() {
        sections.push(Section {
            command: path.to_owned(),
            what: sentence(command.get_about()),
            settings,
        });
    }
    for command in command.get_subcommands().filter(|c| !c.is_hide_set()) {
        collect(command, &format!("{path} {}", command.get_name()), sections);
    }
}

fn is_built_in(arg: &Arg) -> bool {
    matches!(
        arg.get_action(),
        ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong | ArgAction::Version
    )
}

/// What there is to know of an option.
pub(crate) fn setting(arg: &Arg) -> Setting {
    let defaults = arg.get_default_values().iter();
    let defaults: Vec<_> = defaults.map(|value| value.to_string_lossy()).collect();
    let is_switch = matches!(arg.get_action(), ArgAction::SetTrue);
    Setting {
        name: name(arg),
        variable: variable(arg),
        kind: kinds::kind(arg),
        default: (!is_switch && !defaults.is_empty()).then(|| defaults.join(",")),
        required: arg.is_required_set(),
        what: sentence(arg.get_help()),
    }
}

/// `--flag`, or the name of the place of an argument without one.
fn name(arg: &Arg) -> String {
    match arg.get_long() {
        Some(flag) => format!("--{flag}"),
        None => arg.get_value_names().map_or_else(
            || arg.get_id().as_str().to_uppercase(),
            |names| names.join(" "),
        ),
    }
}

/// The variable that gives it.
pub(crate) fn variable(arg: &Arg) -> Option<String> {
    Some(arg.get_env()?.to_string_lossy().into_owned())
}

fn sentence(styled: Option<&clap::builder::StyledStr>) -> String {
    let text = styled.map(ToString::to_string).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
