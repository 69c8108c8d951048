//! `exitReason.ts`: the tags, their codes, and the shape of each, as the Rust enum has them.
//!
//! The shapes are the compiler's word: each variant is taken apart without `..`, so that a new field or tag does not
//! compile here, and a field's TypeScript type follows from its Rust type.

use myrmidon_core::exit_reason::{CrashError, ExitReason, Language, Unreachable, code};

use crate::typescript::{camel, header, object, pascal};

/// A Rust type that crosses into TypeScript.
trait InTypeScript {
    fn name() -> String;
    const OPTIONAL: bool = false;
}

impl InTypeScript for bool {
    fn name() -> String {
        "boolean".into()
    }
}

impl InTypeScript for u8 {
    fn name() -> String {
        "number".into()
    }
}

impl InTypeScript for Box<str> {
    fn name() -> String {
        "string".into()
    }
}

impl<T: InTypeScript> InTypeScript for Option<T> {
    fn name() -> String {
        format!("{} | undefined", T::name())
    }
    const OPTIONAL: bool = true;
}

impl InTypeScript for Language {
    fn name() -> String {
        "Language".into()
    }
}

impl InTypeScript for Unreachable {
    fn name() -> String {
        "Unreachable".into()
    }
}

impl InTypeScript for Box<CrashError> {
    fn name() -> String {
        "CrashError".into()
    }
}

fn field<T: InTypeScript>(name: &str, _: &T) -> String {
    format!("readonly {}{}: {}", camel(name), if T::OPTIONAL { "?" } else { "" }, T::name())
}

macro_rules! fields {
    ($($name:ident),*) => { vec![$(field(stringify!($name), $name)),*] };
}

/// The fields of a reason, as TypeScript declares them.
fn fields_of(reason: &ExitReason) -> Vec<String> {
    match reason {
        ExitReason::Normal | ExitReason::Killed => fields!(),
        ExitReason::Shutdown { detail } => fields!(detail),
        ExitReason::Crashed(error) => fields!(error),
        ExitReason::NoProc { ever_existed } => fields!(ever_existed),
        ExitReason::NodeUnreachable { node, because } => fields!(node, because),
        ExitReason::NodeRestarted { node } => fields!(node),
        ExitReason::IsolateDown { isolate } => fields!(isolate),
    }
}

fn crash_fields(error: &CrashError) -> Vec<String> {
    let CrashError { name, message, stack, language } = error;
    fields!(name, message, stack, language)
}

fn a_crash() -> CrashError {
    CrashError { name: "".into(), message: "".into(), stack: None, language: Language::Rust }
}

/// One of each, in the order of their codes.
fn samples() -> Vec<ExitReason> {
    vec![
        ExitReason::Normal,
        ExitReason::SHUTDOWN,
        ExitReason::Killed,
        ExitReason::Crashed(Box::new(a_crash())),
        ExitReason::NoProc { ever_existed: true },
        ExitReason::NodeUnreachable { node: "".into(), because: Unreachable::Closed },
        ExitReason::NodeRestarted { node: "".into() },
        ExitReason::IsolateDown { isolate: 0 },
    ]
}

/// The tag of a reason: the name of the constant that has its code.
fn tag_of(reason: &ExitReason) -> String {
    let constant = code::ALL.iter().find(|constant| constant.value == u32::from(reason.code()));
    pascal(constant.expect("every code has a name").name)
}

fn literals(names: &[&str]) -> String {
    names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}

/// A list of names, and the union of them.
fn names(list: &str, union: &str, about: &str, names: &[&str]) -> String {
    format!(
        "\n/** {about} */\nexport const {list} = [{}] as const\nexport type {union} = \
         typeof {list}[number]\n",
        literals(names)
    )
}

/// The module's text.
pub fn module() -> String {
    let languages = [Language::TypeScript, Language::Rust, Language::Python];
    let mut text = header("Why an actor ended: the tags with their codes, and the shape of each.");
    text += &object("ExitReasonCode", "The codes of the tags, as they cross the membrane.", code::ALL);
    text += &names(
        "languages",
        "Language",
        "Whose code failed; a language's index is its number.",
        &languages.map(Language::name),
    );
    text += &names(
        "unreachables",
        "Unreachable",
        "How a connection was lost.",
        &[Unreachable::Closed, Unreachable::Silent].map(Unreachable::name),
    );
    text += "\n/** What was thrown, rejected or panicked with. */\nexport interface CrashError {\n";
    for field in crash_fields(&a_crash()) {
        text += &format!("  {field}\n");
    }
    text += "}\n\n/** Why an actor ended. */\nexport type ExitReason =\n";
    for reason in samples() {
        let fields: String = fields_of(&reason).iter().map(|field| format!("; {field}")).collect();
        text += &format!("  | {{ readonly _tag: \"{}\"{fields} }}\n", tag_of(&reason));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_sample() {
        let sampled: Vec<u32> = samples().iter().map(|reason| u32::from(reason.code())).collect();
        let codes: Vec<u32> = code::ALL.iter().map(|constant| constant.value).collect();
        assert_eq!(sampled, codes);
    }

    #[test]
    fn a_language_stands_at_its_number() {
        for (at, language) in [Language::TypeScript, Language::Rust, Language::Python].into_iter().enumerate() {
            assert_eq!(language as usize, at);
        }
    }

    #[test]
    fn the_tag_is_the_name_of_the_variant() {
        for reason in samples() {
            let debug = format!("{reason:?}");
            let variant: String = debug.chars().take_while(char::is_ascii_alphanumeric).collect();
            assert_eq!(tag_of(&reason), variant);
        }
    }
}
