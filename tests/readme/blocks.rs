//! The fenced blocks of a Markdown file.

/// A block of commands, and what they are said to print.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) commands: String,
    /// Each stands in a line of the output, in whatever order.
    pub(crate) prints: Vec<String>,
}

/// The blocks of `sh` under a heading of the second level, each with the block of `text` after it.
pub(crate) fn steps(markdown: &str, heading: &str) -> Vec<Step> {
    let (_, section) = markdown
        .split_once(&format!("\n## {heading}\n"))
        .unwrap_or_else(|| panic!("no heading {heading}"));
    let section = section.split("\n## ").next().unwrap();
    let mut steps: Vec<Step> = Vec::new();
    // Between two fences is a block, whose first line is its language.
    for block in section.split("\n```").skip(1).step_by(2) {
        let (language, text) = block.split_once('\n').unwrap_or((block, ""));
        match language {
            "sh" => steps.push(Step {
                commands: text.to_owned(),
                prints: Vec::new(),
            }),
            "text" => {
                let step = steps.last_mut().expect("output comes after its commands");
                step.prints = text.lines().map(str::to_owned).collect();
            }
            other => panic!("a block of {other:?} is neither run nor compared"),
        }
    }
    steps
}
