use axum::http::{HeaderMap, HeaderValue};
use vestibule_kernel::{ConnectionId, Timestamp, UserPoolId};

use crate::{
    cookie::{self, SameSite},
    limit::{SESSION_CHARS_MAX, SESSION_LIFETIME, SESSIONS_MAX},
};

const PREFIX: &str = "__Host-session.";

/// `Lax`: signing out begins with Cognito sending the person here, which is going from one site to another. A form or a
/// frame of another site brings nothing along.
const SAME_SITE: SameSite = SameSite::Lax;

/// The sessions that one browser began, at most one over each connection, as its `Cookie` header tells.
///
/// A cookie is named `__Host-session.<connection>`, so that it can be dropped without having been seen, and holds
/// `<start>.<user pool>.<session>`: the start, in seconds and hexadecimal, orders the sessions. The session itself is sealed
/// by the saml service, for this connection and pool: a browser can only mislead us about its own.
#[derive(Debug, Default)]
pub(crate) struct SessionCookies(Vec<Session>);

/// One of them.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    started: u32,
    pub(crate) connection: ConnectionId,
    pub(crate) user_pool: UserPoolId,
    pub(crate) sealed: String,
}

impl SessionCookies {
    pub(crate) fn read(headers: &HeaderMap) -> Self {
        let mut sessions: Vec<Session> =
            cookie::cookies(headers).filter_map(|(name, value)| Session::parse(name, value)).collect();
        sessions.sort_by_key(|session| session.started);
        Self(sessions)
    }

    /// The session that the person began last in this user pool: the one that its applications know.
    pub(crate) fn newest_of(&self, user_pool: UserPoolId) -> Option<&Session> {
        self.0.iter().rfind(|session| session.user_pool == user_pool)
    }

    /// `Set-Cookie` headers that keep a session, in place of an earlier one over the same connection, and drop the oldest
    /// beyond [`SESSIONS_MAX`].
    pub(crate) fn keep(
        &self,
        (connection, user_pool): (ConnectionId, UserPoolId),
        session: &str,
        now: Timestamp,
    ) -> Vec<HeaderValue> {
        let plain = session.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if !plain || session.is_empty() || session.len() > SESSION_CHARS_MAX {
            return forget(connection).into_iter().collect();
        }
        let started = u32::try_from(now.unix_seconds()).unwrap_or(u32::MAX);
        let value = format!("{started:08x}.{user_pool}.{session}");
        let others: Vec<&Session> = self.0.iter().filter(|other| other.connection != connection).collect();
        let surplus = others.len().saturating_sub(SESSIONS_MAX - 1);
        let dropped = others.into_iter().take(surplus).filter_map(|other| forget(other.connection));
        dropped.chain(cookie::set(&name(connection), &value, SESSION_LIFETIME, SAME_SITE)).collect()
    }

    /// `Set-Cookie` headers that drop the oldest beyond [`SESSIONS_MAX`]. Where a sign-in ends, by a form of another site, the
    /// browser shows none of them; where one begins, it shows them all.
    pub(crate) fn drop_surplus(&self) -> Vec<HeaderValue> {
        let surplus = self.0.len().saturating_sub(SESSIONS_MAX);
        self.0.iter().take(surplus).filter_map(|session| forget(session.connection)).collect()
    }

    /// `Set-Cookie` headers that drop every session of this user pool: at its applications there is none any more.
    pub(crate) fn end_all_of(&self, user_pool: UserPoolId) -> Vec<HeaderValue> {
        let ended = self.0.iter().filter(|session| session.user_pool == user_pool);
        ended.filter_map(|session| forget(session.connection)).collect()
    }
}

impl Session {
    fn parse(name: &str, value: &str) -> Option<Self> {
        let connection = name.strip_prefix(PREFIX)?.parse().ok()?;
        let mut parts = value.splitn(3, '.');
        let started = parts.next().filter(|started| started.len() == 8)?;
        let started = u32::from_str_radix(started, 16).ok()?;
        let user_pool = parts.next()?.parse().ok()?;
        let sealed = parts.next().filter(|sealed| sealed.len() <= SESSION_CHARS_MAX)?.to_owned();
        Some(Self { started, connection, user_pool, sealed })
    }
}

/// A `Set-Cookie` header that drops the session over this connection, whether or not the browser has shown one: it does not
/// with a POST from the identity provider.
pub(crate) fn forget(connection: ConnectionId) -> Option<HeaderValue> {
    cookie::forget(&name(connection), SAME_SITE)
}

fn name(connection: ConnectionId) -> String {
    format!("{PREFIX}{connection}")
}

#[cfg(test)]
mod tests {
    use axum::http::header::COOKIE;
    use uuid::Uuid;

    use super::*;

    fn connection(number: u128) -> ConnectionId {
        ConnectionId::from_uuid(Uuid::from_u128(number))
    }

    fn pool(number: u128) -> UserPoolId {
        UserPoolId::from_uuid(Uuid::from_u128(number))
    }

    fn held(cookies: &[String]) -> SessionCookies {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, cookies.join("; ").parse().unwrap());
        SessionCookies::read(&headers)
    }

    fn texts(headers: &[HeaderValue]) -> Vec<&str> {
        headers.iter().map(|header| header.to_str().unwrap().split(';').next().unwrap()).collect()
    }

    #[test]
    fn a_browser_remembers_few_sessions_one_for_each_connection() {
        let cookie = |number: u128| format!("{}={number:08x}.{}.sealed", name(connection(number)), pool(1));
        let cookies = held(&[cookie(3), cookie(1), cookie(4), cookie(2)]);
        let at = Timestamp::from_unix_seconds(9);
        let kept = cookies.keep((connection(5), pool(1)), "new", at);
        let expected =
            [format!("{}=", name(connection(1))), format!("{}=00000009.{}.new", name(connection(5)), pool(1))];
        assert_eq!(texts(&kept), expected);
        // In place of the one over the same connection, nothing else has to go.
        let kept = cookies.keep((connection(2), pool(1)), "new", at);
        assert_eq!(texts(&kept), [format!("{}=00000009.{}.new", name(connection(2)), pool(1))]);
        assert_eq!(cookies.newest_of(pool(1)).unwrap().connection, connection(4));
        assert_eq!(cookies.end_all_of(pool(1)).len(), 4);
        assert!(cookies.newest_of(pool(2)).is_none() && cookies.end_all_of(pool(2)).is_empty());
        assert!(cookies.drop_surplus().is_empty());
        let cookies = held(&[cookie(3), cookie(1), cookie(4), cookie(6), cookie(2), cookie(5)]);
        let surplus = [1, 2].map(|number| format!("{}=", name(connection(number))));
        assert_eq!(texts(&cookies.drop_surplus()), surplus);
    }

    #[test]
    fn what_is_no_session_is_neither_kept_nor_read() {
        let long = "x".repeat(SESSION_CHARS_MAX + 1);
        let forgotten = format!("{}=", name(connection(1)));
        for none in ["", "a;b", "a b", "a\r\nSet-Cookie: b", &long] {
            let kept = SessionCookies::default().keep((connection(1), pool(1)), none, Timestamp::EPOCH);
            assert_eq!(texts(&kept), [forgotten.as_str()], "{none}");
        }
        let of = |value: &str| format!("{}={value}", name(connection(1)));
        let no_connection = format!("{PREFIX}x=00000001.{}.s", pool(1));
        for none in [of(""), of("1.2.3"), of("00000001.x.s"), of(&format!("0000000g.{}.s", pool(1))), no_connection] {
            assert!(held(std::slice::from_ref(&none)).0.is_empty(), "{none}");
        }
    }
}
