use std::str::FromStr;

/// What each method asks for; a method that is not listed is denied.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Methods(Vec<(String, Vec<String>)>);

/// The methods are not written as they must be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct MalformedMethods;

impl Methods {
    /// The scopes of which a token must have one; empty when it needs none. `None`: the method is denied.
    pub(crate) fn scopes(&self, method: &str) -> Option<&[String]> {
        self.0.iter().find(|(listed, _)| listed == method).map(|(_, scopes)| scopes.as_slice())
    }

    /// Whether any of them asks for a scope.
    pub(crate) fn ask_for_scopes(&self) -> bool {
        self.0.iter().any(|(_, scopes)| !scopes.is_empty())
    }
}

impl FromStr for Methods {
    type Err = MalformedMethods;

    /// `GET HEAD=read; POST=write admin`.
    fn from_str(text: &str) -> Result<Self, MalformedMethods> {
        let mut listed: Vec<(String, Vec<String>)> = Vec::new();
        for rule in text.split(';').map(str::trim).filter(|rule| !rule.is_empty()) {
            let (methods, scopes) = rule.split_once('=').ok_or(MalformedMethods)?;
            let scopes: Vec<String> = scopes.split_whitespace().map(str::to_owned).collect();
            if !scopes.iter().all(|scope| is_scope(scope)) {
                return Err(MalformedMethods);
            }
            let before = listed.len();
            for method in methods.split_whitespace() {
                let is_method = !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase());
                // Listed twice it would be unclear which rule counts.
                if !is_method || listed.iter().any(|(known, _)| known == method) {
                    return Err(MalformedMethods);
                }
                listed.push((method.to_owned(), scopes.clone()));
            }
            if listed.len() == before {
                return Err(MalformedMethods);
            }
        }
        if listed.is_empty() { Err(MalformedMethods) } else { Ok(Self(listed)) }
    }
}

/// RFC 6749 section 3.3.
fn is_scope(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'))
}

/// Where a request names the organization whose data it asks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum OrganizationFrom {
    /// In a parameter of its path.
    PathParameter(String),
    /// In a header; lower case.
    Header(String),
    /// Nowhere but in the token.
    Token,
}

impl FromStr for OrganizationFrom {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let named = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        match text.split_once(':') {
            None if text == "token" => Ok(Self::Token),
            Some(("path", name)) if !name.is_empty() && named(name) => Ok(Self::PathParameter(name.to_owned())),
            Some(("header", name)) if !name.is_empty() && named(name) => Ok(Self::Header(name.to_ascii_lowercase())),
            _ => Err(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_listed_with_what_they_ask_for() {
        let methods: Methods = "GET HEAD=invoices/read ; POST=invoices/write admin;OPTIONS=".parse().unwrap();
        assert_eq!(methods.scopes("HEAD").unwrap(), ["invoices/read"]);
        assert_eq!(methods.scopes("POST").unwrap(), ["invoices/write", "admin"]);
        assert_eq!(methods.scopes("OPTIONS").unwrap(), [] as [&str; 0]);
        assert_eq!(methods.scopes("DELETE"), None);
        assert_eq!(methods.scopes("get"), None);
        assert!(methods.ask_for_scopes());
        for malformed in
            ["", ";", "GET", "=read", "get=read", "GET=read;GET=write", "*=read", "GET=\"read\"", "GET,PUT=a"]
        {
            assert_eq!(malformed.parse::<Methods>(), Err(MalformedMethods), "{malformed}");
        }
    }

    #[test]
    fn an_organization_is_named_in_one_place() {
        assert_eq!("token".parse(), Ok(OrganizationFrom::Token));
        assert_eq!("path:organization".parse(), Ok(OrganizationFrom::PathParameter("organization".to_owned())));
        assert_eq!("header:X-Organization".parse(), Ok(OrganizationFrom::Header("x-organization".to_owned())));
        for malformed in ["", "path", "path:", "header:", "host", "path:a b"] {
            assert_eq!(malformed.parse::<OrganizationFrom>(), Err(()), "{malformed}");
        }
    }
}
