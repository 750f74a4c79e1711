//! `reid explain`: what a status of AscendCL means and what helps.

use acl::{Language, Status};
use clap::Args;

use super::exit::Failure;
use super::out;

#[derive(Clone, Debug, Args)]
pub(super) struct ExplainArgs {
    /// A number, or a name with or without ACL_ERROR_; without one, all are listed
    #[arg(value_name = "CODE|NAME")]
    what: Vec<String>,

    /// The language: en, zh; `auto` follows LC_ALL and LANG
    #[arg(long, value_name = "auto|en|zh", default_value = "auto", value_parser = ["auto", "en", "zh"])]
    lang: String,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn language(chosen: &str) -> Language {
    let set = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
    let chinese = match chosen {
        "auto" => ["LC_ALL", "LC_MESSAGES", "LANG"]
            .into_iter()
            .find_map(set)
            .is_some_and(|l| l.starts_with("zh")),
        chosen => chosen == "zh",
    };
    if chinese {
        Language::Chinese
    } else {
        Language::English
    }
}

/// Finds what was typed: a number (decimal, or as `0x…`), a name, or a line of a log that holds one of these, such as
/// `error code is 107002`.
fn find(text: &str) -> Option<Status> {
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    word(text.trim()).or_else(|| {
        let mut words = text.split(|c| !part(c)).filter(|word| word.len() > 5);
        words.find_map(word)
    })
}

fn word(text: &str) -> Option<Status> {
    let hexadecimal = text
        .strip_prefix("0x")
        .or_else(|| text.strip_prefix("0X"))
        .and_then(|digits| i32::from_str_radix(digits, 16).ok());
    let number = text.parse::<i32>().ok().or(hexadecimal).map(Status);
    number
        .filter(|status| status.name().is_some())
        .or_else(|| Status::by_name(text))
}

/// Lists names that hold what was typed, for a hint.
fn near(text: &str) -> Vec<String> {
    if text.trim().is_empty() {
        return Vec::new();
    }
    let wanted = text.to_ascii_uppercase();
    let names = Status::all().filter(|s| {
        s.name().is_some_and(|n| n.contains(&wanted)) || s.0.to_string().starts_with(text)
    });
    names.take(5).map(|status| status.to_string()).collect()
}

pub(super) fn run(arguments: &ExplainArgs) -> Result<(), Failure> {
    let language = language(&arguments.lang);
    let mut found = Vec::new();
    for text in &arguments.what {
        let Some(status) = find(text) else {
            let near = near(text);
            let hint = if near.is_empty() {
                "`reid explain` lists all".to_owned()
            } else {
                format!("near: {}", near.join(", "))
            };
            return Err(Failure::Usage(format!(
                "{text:?} is no status of AscendCL; {hint}"
            )));
        };
        found.push(status);
    }
    if arguments.what.is_empty() {
        found = Status::all().collect();
    }
    if arguments.json {
        let entry = |status: &Status| {
            let text = status.explain(language);
            serde_json::json!({
                "code": status.0,
                "name": status.name(),
                "meaning": text.map(|t| t.meaning),
                "causes": text.map(|t| t.causes),
                "cure": text.map(|t| t.cure),
            })
        };
        let all: Vec<_> = found.iter().map(entry).collect();
        out!(
            "{}",
            serde_json::to_string_pretty(&all).map_err(Failure::ran)?
        )?;
        return Ok(());
    }
    let labels = match language {
        Language::Chinese => ["含义", "原因", "处理"],
        _ => ["meaning", "causes ", "cure   "],
    };
    for status in &found {
        let Some(text) = status.explain(language) else {
            continue;
        };
        if arguments.what.is_empty() {
            out!(
                "{}  {}  {}",
                status.0,
                status.name().unwrap_or_default(),
                text.meaning
            )?;
            continue;
        }
        out!("{status}")?;
        for (label, text) in labels.iter().zip([text.meaning, text.causes, text.cure]) {
            out!("  {label}  {text}")?;
        }
    }
    Ok(())
}
