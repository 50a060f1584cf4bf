//! A sign-in without a browser: the driver behind `sandbox --check`, the load tool and the black-box tests.
//!
//! - [`run_check`] walks the whole path, looks at every hop, and reads the sign-in trace.
//! - [`Walk`] is the same path step by step. Tests bend it: change the posted Response, forget cookies, post twice,
//!   stay for an hour.
//! - [`Browser`] keeps cookies by host and follows no redirect by itself.
//!
//! Load is [`Walk::sign_in`] in many browsers ([`Browser::another`] shares the connections, not the cookies); the time of
//! each hop stands in [`Walk::hops`]. Hostile variations are made of the single steps:
//!
//! | what is tried | how |
//! |---|---|
//! | a changed or forged Response | [`Walk::post_response`] of [`PostedResponse::with_xml`] |
//! | the same Response twice | [`Walk::post_response`] twice |
//! | a Response for another connection | another `action` in [`PostedResponse::form`] |
//! | lost cookies, another browser | [`Browser::forget`], or another [`Walk::browser`] between two steps |
//! | two tabs | two rounds of steps on one [`Walk`], interleaved |
//! | a switch of organization within the hour | [`Walk::sign_in`], then [`Walk::sign_in`] or [`Walk::switch_account`] |
//! | a person who cancels | [`Walk::cancel`] |
//! | a sign-out, from either end | [`Walk::sign_out`] and its steps, [`Walk::sign_out_at`] and its first half |
//! | a hostile identity provider, or a person who forges what it signed | [`Walk::forge`]; all of it: [`run_forgeries`] |
//!
//! What a refusal told the person is [`HopError::problem`].

mod answer;
mod browser;
mod error;
mod forgery;
mod hop;
mod html;
mod report;
mod sign_out;
mod trace;
mod walk;

pub use answer::{Answer, Problem};
pub use browser::{Browser, Cookie};
pub use error::{HopError, HopFailure};
pub use forgery::run_forgeries;
pub use hop::{Check, Hop};
pub use html::{Button, Form};
pub use report::{CheckOptions, FailedCheck, Report, Services, run_check};
pub use walk::{Claims, PostedResponse, SignInPage, Upstream, Walk};
