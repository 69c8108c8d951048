//! An exit reason as data: its code and the fields that its tag has.

use myrmidon_core::exit_reason::{CrashError, ExitReason, Language, Unreachable, code};
use napi::{Error, Result, Status};
use napi_derive::napi;

/// Fields that its tag lacks are absent.
#[napi(object)]
#[derive(Default)]
pub struct ReasonData {
    /// The tag's code.
    pub code: u32,
    /// Shutdown.
    pub detail: Option<String>,
    /// Crashed: the error's class.
    pub name: Option<String>,
    /// Crashed.
    pub message: Option<String>,
    /// Crashed.
    pub stack: Option<String>,
    /// Crashed: whose code failed.
    pub language: Option<String>,
    /// `NoProc`.
    pub ever_existed: Option<bool>,
    /// `NodeUnreachable`, `NodeRestarted`.
    pub node: Option<String>,
    /// `NodeUnreachable`: `closed` or `silent`.
    pub because: Option<String>,
    /// `IsolateDown`.
    pub isolate: Option<u32>,
}

fn text(field: Option<String>, what: &str) -> Result<Box<str>> {
    field.map(String::into_boxed_str).ok_or_else(|| Error::new(Status::InvalidArg, format!("the reason lacks {what}")))
}

fn invalid(what: &str) -> Error {
    Error::new(Status::InvalidArg, format!("the reason has no known {what}"))
}

impl TryFrom<ReasonData> for CrashError {
    type Error = Error;

    fn try_from(data: ReasonData) -> Result<Self> {
        Ok(Self {
            name: text(data.name, "name")?,
            message: text(data.message, "message")?,
            stack: data.stack.map(String::into_boxed_str),
            language: [Language::TypeScript, Language::Rust, Language::Python]
                .into_iter()
                .find(|language| Some(language.name()) == data.language.as_deref())
                .ok_or_else(|| invalid("language"))?,
        })
    }
}

impl TryFrom<ReasonData> for ExitReason {
    type Error = Error;

    fn try_from(data: ReasonData) -> Result<Self> {
        Ok(match u8::try_from(data.code).map_err(|_| invalid("code"))? {
            code::NORMAL => Self::Normal,
            code::SHUTDOWN => Self::Shutdown { detail: data.detail.map(String::into_boxed_str) },
            code::KILLED => Self::Killed,
            code::CRASHED => Self::Crashed(Box::new(CrashError::try_from(data)?)),
            code::NO_PROC => Self::NoProc { ever_existed: data.ever_existed.unwrap_or(false) },
            code::NODE_UNREACHABLE => Self::NodeUnreachable {
                node: text(data.node, "node")?,
                because: match data.because.as_deref() {
                    Some("closed") => Unreachable::Closed,
                    Some("silent") => Unreachable::Silent,
                    _ => return Err(invalid("because")),
                },
            },
            code::NODE_RESTARTED => Self::NodeRestarted { node: text(data.node, "node")? },
            code::ISOLATE_DOWN => {
                let isolate = data.isolate.and_then(|isolate| u8::try_from(isolate).ok());
                Self::IsolateDown { isolate: isolate.ok_or_else(|| invalid("isolate"))? }
            }
            _ => return Err(invalid("code")),
        })
    }
}

impl From<&ExitReason> for ReasonData {
    fn from(reason: &ExitReason) -> Self {
        let mut data = Self { code: u32::from(reason.code()), ..Self::default() };
        match reason {
            ExitReason::Normal | ExitReason::Killed => {}
            ExitReason::Shutdown { detail } => data.detail = detail.as_deref().map(str::to_owned),
            ExitReason::Crashed(error) => {
                data.name = Some(error.name.to_string());
                data.message = Some(error.message.to_string());
                data.stack = error.stack.as_deref().map(str::to_owned);
                data.language = Some(error.language.name().to_owned());
            }
            ExitReason::NoProc { ever_existed } => data.ever_existed = Some(*ever_existed),
            ExitReason::NodeUnreachable { node, because } => {
                data.node = Some(node.to_string());
                data.because = Some(match because {
                    Unreachable::Closed => "closed".to_owned(),
                    Unreachable::Silent => "silent".to_owned(),
                });
            }
            ExitReason::NodeRestarted { node } => data.node = Some(node.to_string()),
            ExitReason::IsolateDown { isolate } => data.isolate = Some(u32::from(*isolate)),
        }
        data
    }
}
