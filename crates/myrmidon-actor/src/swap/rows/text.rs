//! How the rows write reasons, errors and reports.

use crate::{
    ExitReason,
    swap::{Handled, SwapError},
};

pub fn reason_text(reason: &ExitReason) -> String {
    match reason {
        ExitReason::Shutdown { detail: None } => "Shutdown".into(),
        ExitReason::Shutdown { detail: Some(detail) } => format!("Shutdown({detail})"),
        ExitReason::Crashed(error) => format!("Crashed({})", error.message),
        ExitReason::NoProc { ever_existed } => format!("NoProc({ever_existed})"),
        other => format!("{other:?}"),
    }
}

pub fn version_of(name: &str) -> String {
    name.chars().filter(char::is_ascii_digit).collect()
}

pub fn handled_text(messages: &[Handled<String>]) -> String {
    let one = |one: &Handled<String>| format!("{}{}", one.note, if one.answered { " answered" } else { "" });
    messages.iter().map(one).collect::<Vec<_>>().join(", ")
}

pub fn error_text(error: &SwapError<String>) -> String {
    match error {
        SwapError::MigrationFailed(why) if &**why == "invalid" => "StateInvalid".into(),
        SwapError::MigrationFailed(why) => format!("MigrationFailed({why})"),
        SwapError::MigrationTimeout => "MigrationTimeout".into(),
        SwapError::StateNotCopyable(why) => format!("StateNotCopyable({why})"),
        SwapError::WrongVersion { running } => format!("WrongVersion({})", version_of(running)),
        SwapError::SwapInProgress => "SwapInProgress".into(),
        SwapError::RolledBack { reason, handled, .. } => {
            format!("RolledBack({}: {})", reason_text(reason), handled_text(handled))
        }
        SwapError::ActorExited(reason) => format!("ActorExited({})", reason_text(reason)),
        SwapError::InvalidOption(name) => format!("InvalidOption({name})"),
        SwapError::WouldBlock => "WouldBlock".into(),
    }
}
