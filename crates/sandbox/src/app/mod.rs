//! The demo application: what a SaaS does to use Vestibule and Cognito together.
//!
//! It asks the routing service where a person signs in (`login`, `routing`), sends the browser there with `state`, `nonce`
//! and PKCE, verifies what comes back by Cognito's keys only (`callback`, `token`), and shows the claims. Vestibule's
//! tokens never reach it.

mod callback;
mod login;
mod page;
mod routing;
mod sign_out;
mod site;
mod token;

pub use site::{AppConfig, DemoApplication};
