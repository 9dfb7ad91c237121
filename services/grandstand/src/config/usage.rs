//! A command line that can't be used: clap's words, and beside them where the value came from and
//! what may be given instead.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, Error};

use crate::config::{self, Setting};

/// Says what is wrong, or what was asked for (`--help`), and how the process ends.
pub(crate) fn refuse(error: &Error, mut program: Command) -> ExitCode {
    // Only then are its options as the error names them.
    program.build();
    // Whoever reads it may be gone; there is nobody else to tell.
    let _ = error.print();
    let given: Vec<OsString> = std::env::args_os().collect();
    let is_set = |variable: &str| std::env::var_os(variable).is_some();
    for hint in hints(error, &program, &given, &is_set) {
        eprintln!("{hint}");
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

/// A line for each option that the error names.
fn hints(
    error: &Error,
    program: &Command,
    given: &[OsString],
    is_set: &dyn Fn(&str) -> bool,
) -> Vec<String> {
    let is_told = matches!(
        error.kind(),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation | ErrorKind::MissingRequiredArgument
    );
    if !is_told {
        return Vec::new();
    }
    let named: Vec<&str> = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(one)) => vec![one],
        Some(ContextValue::Strings(several)) => several.iter().map(String::as_str).collect(),
        _ => return Vec::new(),
    };
    let command = command_of(program, given);
    let hint = |named: &&str| {
        let arg = command
            .get_arguments()
            .find(|arg| arg.to_string() == *named)?;
        hint(arg, given, is_set)
    };
    named.iter().filter_map(hint).collect()
}

/// The command that was asked for, as far as it can be told.
fn command_of<'a>(program: &'a Command, given: &[OsString]) -> &'a Command {
    let mut command = program;
    for word in given.iter().skip(1) {
        if let Some(next) = command.find_subcommand(word) {
            command = next;
        }
    }
    command
}

fn hint(arg: &Arg, given: &[OsString], is_set: &dyn Fn(&str) -> bool) -> Option<String> {
    let Setting {
        name,
        variable,
        kind,
        default,
        what,
        ..
    } = config::setting(arg);
    let variable = variable?;
    let is_given = given.iter().any(|word| {
        let word = word.to_string_lossy();
        word == name.as_str() || word.starts_with(&format!("{name}="))
    });
    let source = match !is_given && is_set(&variable) {
        true => format!("The value came from the variable {variable}: mend or unset it"),
        false => format!("Give it with {name} or the variable {variable}"),
    };
    let usual = default.map_or(String::new(), |default| {
        format!("; unless given: {default}")
    });
    Some(format!("\n{source}.\n{name}: {what} ({kind}{usual})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program() -> Command {
        let count = Arg::new("count")
            .long("count")
            .env("GRANDSTAND_TEST_COUNT_OF_NOBODY")
            .default_value("7")
            .value_parser(clap::value_parser!(u32).range(1..=9))
            .help("How many, 1 to 9");
        let keys = Arg::new("keys")
            .long("keys")
            .env("GRANDSTAND_TEST_KEYS_OF_NOBODY")
            .required(true);
        let mut program =
            Command::new("grandstand").subcommand(Command::new("work").arg(count).arg(keys));
        program.build();
        program
    }

    fn hints_of(words: &[&str], is_set: bool) -> String {
        let given: Vec<OsString> = words.iter().map(OsString::from).collect();
        let error = program().try_get_matches_from(&given).unwrap_err();
        hints(&error, &program(), &given, &|_| is_set).concat()
    }

    #[test]
    fn a_wrong_value_is_told_with_its_variable_its_bounds_and_what_it_is_for() {
        let said = hints_of(
            &["grandstand", "work", "--keys", "k", "--count", "10"],
            false,
        );
        assert!(
            said.contains("--count or the variable GRANDSTAND_TEST_COUNT_OF_NOBODY"),
            "{said}"
        );
        assert!(
            said.contains("How many, 1 to 9 (whole number; unless given: 7)"),
            "{said}"
        );
    }

    #[test]
    fn a_value_that_is_not_on_the_command_line_came_from_its_variable() {
        let given = ["grandstand", "work", "--count=10", "--keys", "k"];
        assert!(!hints_of(&given, true).contains("came from"));
        // As if the variable had given the 10.
        let words: Vec<OsString> = ["grandstand", "work"].iter().map(OsString::from).collect();
        let error = program().try_get_matches_from(given).unwrap_err();
        let said = hints(&error, &program(), &words, &|_| true).concat();
        assert!(
            said.contains("came from the variable GRANDSTAND_TEST_COUNT"),
            "{said}"
        );
    }

    #[test]
    fn a_missing_option_is_told_with_its_variable() {
        let said = hints_of(&["grandstand", "work"], false);
        assert!(
            said.contains("--keys or the variable GRANDSTAND_TEST_KEYS_OF_NOBODY"),
            "{said}"
        );
    }
}
