//! The options as text, as a page in Markdown, and as JSON.

use serde_json::json;

use crate::config::variables::{self, Other};
use crate::config::{Section, Setting};

/// For a terminal.
pub(crate) fn text(sections: &[Section]) -> String {
    let mut text = String::new();
    for section in sections {
        text += &format!("{}: {}\n", section.command, section.what);
        for setting in &section.settings {
            let variable = setting.variable.as_deref().unwrap_or("no variable");
            text += &format!(
                "  {}  {variable}  ({})  {}\n      {}\n",
                setting.name,
                setting.kind,
                default_in_words(setting),
                setting.what
            );
        }
        text += "\n";
    }
    text += "Variables without an option:\n";
    for Other { name, what } in variables::OTHERS {
        text += &format!("  {name}\n      {what}\n");
    }
    text
}

/// The page that the project keeps.
pub(crate) fn markdown(sections: &[Section]) -> String {
    let mut page = "# Configuration\n\n\
        Made by `grandstand config --markdown`; a test holds it. A flag wins over its variable, a \
        variable over the default. A switch is on when its variable is `true`, `yes`, `on` or `1`. \
        Secrets are files in the folder of `--keys`, never values.\n"
        .to_owned();
    for section in sections {
        page += &format!("\n## `{}`\n\n{}.\n\n", section.command, section.what);
        page += "| option | variable | takes | default | what it is |\n|---|---|---|---|---|\n";
        for setting in &section.settings {
            let variable = setting.variable.as_deref();
            page += &format!(
                "| `{}` | {} | {} | {} | {} |\n",
                cell(&setting.name),
                variable.map_or("-".to_owned(), |name| format!("`{name}`")),
                cell(&setting.kind),
                match &setting.default {
                    Some(default) => format!("`{}`", cell(default)),
                    None => default_in_words(setting).to_owned(),
                },
                cell(&setting.what)
            );
        }
    }
    page += "\n## Variables without an option\n\n| variable | what it is |\n|---|---|\n";
    for Other { name, what } in variables::OTHERS {
        page += &format!("| `{name}` | {} |\n", cell(what));
    }
    page
}

/// One object a line, for scripts.
pub(crate) fn json(sections: &[Section]) -> String {
    let mut lines = String::new();
    for section in sections {
        for setting in &section.settings {
            let mut object = json!(setting);
            object["command"] = json!(section.command);
            lines += &format!("{object}\n");
        }
    }
    for Other { name, what } in variables::OTHERS {
        lines += &format!("{}\n", json!({"variable": name, "what": what}));
    }
    lines
}

fn default_in_words(setting: &Setting) -> &str {
    match &setting.default {
        Some(default) => default,
        None if setting.required => "required",
        None if setting.kind == "switch" => "off",
        None => "none",
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
