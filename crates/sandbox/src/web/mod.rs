//! What the three simulated sites share: serving, pages, cookies, memory that forgets.

mod asset;
mod client;
mod cookie;
mod expiring;
mod page;
mod serve;
mod token;

pub(crate) use asset::assets;
pub use client::ClientError;
pub(crate) use client::http_client;
pub(crate) use cookie::{clear_cookie, cookie_of, set_cookie};
pub(crate) use expiring::Expiring;
pub(crate) use page::{found, json, json_error, page, with_cookies};
pub use serve::{bind, serve};
pub(crate) use token::{pairs, random_token, sha256, text_of, with_query};
