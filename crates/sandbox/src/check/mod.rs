//! A sign-in without a browser: the driver behind `sandbox --check`, the load tool and the black-box tests.
//!
//! - [`run_check`] walks the whole path, looks at every hop, and reads the sign-in trace.
//! - [`Walk`] is the same path step by step. Tests bend it: change the posted Response, forget cookies, post twice,
//!   stay for an hour.
//! - [`Browser`] keeps cookies by host and follows no redirect by itself.

mod answer;
mod browser;
mod error;
mod hop;
mod html;
mod report;
mod trace;
mod walk;

pub use answer::{Answer, Problem};
pub use browser::{Browser, Cookie};
pub use error::{HopError, HopFailure};
pub use hop::{Check, Hop};
pub use html::{Button, Form};
pub use report::{CheckOptions, FailedCheck, Report, Services, run_check};
pub use walk::{Claims, PostedResponse, SignInPage, Upstream, Walk};
