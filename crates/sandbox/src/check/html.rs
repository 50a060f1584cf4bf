use url::Url;

/// A form of a page.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Form {
    /// Where it goes.
    pub action: Url,
    /// Whether by POST.
    pub is_post: bool,
    /// The fields that are filled in.
    pub fields: Vec<(String, String)>,
    /// The ways to send it.
    pub buttons: Vec<Button>,
}

/// A button of a form.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Button {
    /// The field that it adds, when it has a name.
    pub field: Option<(String, String)>,
    /// What people read on it.
    pub label: String,
}

impl Form {
    /// Fills in one field.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(known, _)| known != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The value of a field.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

enum Token {
    Open { name: String, attributes: Vec<(String, String)> },
    Close { name: String },
    Text(String),
}

/// The forms of a page, in order. Radio buttons and check boxes are left for the caller to fill in.
pub(super) fn forms(html: &str, base: &Url) -> Vec<Form> {
    let mut forms: Vec<Form> = Vec::new();
    let (mut in_form, mut in_button) = (false, false);
    for token in tokens(html) {
        match token {
            Token::Open { name, attributes } if name == "form" => {
                let action = attribute(&attributes, "action").unwrap_or_default();
                let Ok(action) = base.join(action) else { continue };
                let is_post =
                    attribute(&attributes, "method").is_some_and(|method| method.eq_ignore_ascii_case("post"));
                forms.push(Form { action, is_post, fields: Vec::new(), buttons: Vec::new() });
                in_form = true;
            }
            Token::Open { name, attributes } if in_form && name == "input" => {
                let kind = attribute(&attributes, "type").unwrap_or("text");
                if let (Some(form), Some(name)) = (forms.last_mut(), attribute(&attributes, "name"))
                    && !matches!(kind, "radio" | "checkbox" | "submit")
                {
                    let value = attribute(&attributes, "value").unwrap_or_default();
                    form.fields.push((name.to_owned(), value.to_owned()));
                }
            }
            Token::Open { name, attributes } if in_form && name == "button" => {
                let value = attribute(&attributes, "value").unwrap_or_default();
                let field = attribute(&attributes, "name").map(|name| (name.to_owned(), value.to_owned()));
                if let Some(form) = forms.last_mut() {
                    form.buttons.push(Button { field, label: String::new() });
                }
                in_button = true;
            }
            Token::Text(text) if in_button => {
                if let Some(button) = forms.last_mut().and_then(|form| form.buttons.last_mut()) {
                    button.label.push_str(text.trim());
                }
            }
            Token::Close { name } if name == "button" => in_button = false,
            Token::Close { name } if name == "form" => in_form = false,
            _ => {}
        }
    }
    forms
}

/// The addresses of the page's links, in order.
pub(super) fn links(html: &str, base: &Url) -> Vec<Url> {
    let address = |token| match token {
        Token::Open { name, attributes } if name == "a" => base.join(attribute(&attributes, "href")?).ok(),
        _ => None,
    };
    tokens(html).into_iter().filter_map(address).collect()
}

/// The text of the first element whose attribute `wanted` is `value`.
pub(super) fn text_by(html: &str, wanted: &str, value: &str) -> Option<String> {
    let mut found: Option<(String, usize, String)> = None;
    for token in tokens(html) {
        match (&mut found, token) {
            (None, Token::Open { name, attributes }) if attribute(&attributes, wanted) == Some(value) => {
                found = Some((name, 1, String::new()));
            }
            (Some((element, depth, _)), Token::Open { name, .. }) if name == *element => *depth += 1,
            (Some((element, depth, _)), Token::Close { name }) if name == *element => {
                *depth -= 1;
                if *depth == 0 {
                    break;
                }
            }
            (Some((_, _, text)), Token::Text(more)) => text.push_str(&more),
            _ => {}
        }
    }
    found.map(|(_, _, text)| text.trim().to_owned())
}

/// What a person reads on the page, in one line.
pub(super) fn readable(html: &str) -> String {
    let mut hidden = false;
    let mut words: Vec<String> = Vec::new();
    for token in tokens(html) {
        match token {
            Token::Open { name, .. } if matches!(name.as_str(), "head" | "script" | "style") => hidden = true,
            Token::Close { name } if matches!(name.as_str(), "head" | "script" | "style") => hidden = false,
            Token::Text(text) if !hidden => words.extend(text.split_whitespace().map(str::to_owned)),
            _ => {}
        }
    }
    words.join(" ")
}

fn attribute<'a>(attributes: &'a [(String, String)], name: &str) -> Option<&'a str> {
    attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// Enough of HTML for pages that are well formed: tags, attributes, text and character references.
fn tokens(html: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = html;
    while let Some((text, after)) = rest.split_once('<') {
        if !text.is_empty() {
            tokens.push(Token::Text(unescape(text)));
        }
        let end = tag_end(after);
        let (tag, after) = after.split_at_checked(end).unwrap_or((after, ""));
        rest = after.strip_prefix('>').unwrap_or(after);
        if let Some(name) = tag.strip_prefix('/') {
            tokens.push(Token::Close { name: name.trim().to_ascii_lowercase() });
        } else if !tag.starts_with('!') {
            tokens.push(open(tag));
        }
    }
    tokens.push(Token::Text(unescape(rest)));
    tokens
}

/// Where the tag ends: the first `>` outside of quotes.
fn tag_end(tag: &str) -> usize {
    let mut quote = None;
    for (at, character) in tag.char_indices() {
        match (quote, character) {
            (None, '>') => return at,
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            _ => {}
        }
    }
    tag.len()
}

fn open(tag: &str) -> Token {
    let tag = tag.trim_end_matches('/');
    let (name, mut rest) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            break;
        }
        let end = rest.find(|character: char| character == '=' || character.is_whitespace()).unwrap_or(rest.len());
        let (key, after) = rest.split_at(end);
        let (value, after) = match after.trim_start().strip_prefix('=') {
            Some(after) => attribute_value(after.trim_start()),
            None => ("", after),
        };
        attributes.push((key.to_ascii_lowercase(), unescape(value)));
        rest = after;
    }
    Token::Open { name: name.to_ascii_lowercase(), attributes }
}

fn attribute_value(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(quoted) = text.strip_prefix(quote) {
            return quoted.split_once(quote).unwrap_or((quoted, ""));
        }
    }
    text.split_once(char::is_whitespace).unwrap_or((text, ""))
}

fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        if let Some((character, after)) =
            after.split_once(';').and_then(|(name, after)| Some((character(name)?, after)))
        {
            plain.push(character);
            rest = after;
        } else {
            plain.push('&');
            rest = after;
        }
    }
    plain.push_str(rest);
    plain
}

fn character(reference: &str) -> Option<char> {
    match reference {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = reference.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests;
