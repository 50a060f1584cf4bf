//! Licence expressions as SPDX writes them: `MIT OR (Apache-2.0 AND ISC)`, with the older `MIT/Apache-2.0` as an OR.

use std::collections::BTreeSet;

use anyhow::{Result, bail, ensure};

/// Whether the expression can be met with licences of the list alone.
pub(super) fn allowed(expression: &str, list: &BTreeSet<String>) -> Result<bool> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words = Words { words: spaced.split_whitespace().collect(), at: 0 };
    let answer = words.any_of(list)?;
    ensure!(words.next().is_none(), "the licence expression `{expression}` cannot be read");
    Ok(answer)
}

struct Words<'a> {
    words: Vec<&'a str>,
    at: usize,
}

impl<'a> Words<'a> {
    fn next(&mut self) -> Option<&'a str> {
        let word = self.words.get(self.at).copied();
        self.at += 1;
        word
    }

    fn take(&mut self, wanted: &str) -> bool {
        let found = self.words.get(self.at).is_some_and(|word| *word == wanted);
        self.at += usize::from(found);
        found
    }

    /// `A OR B`: OR binds less than AND.
    fn any_of(&mut self, list: &BTreeSet<String>) -> Result<bool> {
        let mut answer = self.all_of(list)?;
        while self.take("OR") {
            answer |= self.all_of(list)?;
        }
        Ok(answer)
    }

    fn all_of(&mut self, list: &BTreeSet<String>) -> Result<bool> {
        let mut answer = self.one(list)?;
        while self.take("AND") {
            answer &= self.one(list)?;
        }
        Ok(answer)
    }

    fn one(&mut self, list: &BTreeSet<String>) -> Result<bool> {
        if self.take("(") {
            let answer = self.any_of(list)?;
            ensure!(self.take(")"), "a licence expression lacks a closing parenthesis");
            return Ok(answer);
        }
        let licence = match self.next() {
            None | Some("AND" | "OR" | "WITH" | ")") => bail!("a licence expression lacks a licence"),
            Some(licence) => licence,
        };
        if !self.take("WITH") {
            return Ok(list.contains(licence));
        }
        let Some(exception) = self.next() else { bail!("a licence expression lacks an exception after WITH") };
        Ok(list.contains(&format!("{licence} WITH {exception}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(expression: &str) -> bool {
        let list = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned).into();
        allowed(expression, &list).unwrap()
    }

    #[test]
    fn and_needs_all_or_needs_one() {
        assert!(answer("MIT"));
        assert!(answer("GPL-3.0 OR MIT"));
        assert!(answer("GPL-3.0/MIT"));
        assert!(!answer("GPL-3.0 AND MIT"));
        assert!(answer("GPL-3.0 AND MIT OR ISC"));
        assert!(!answer("GPL-3.0 AND (MIT OR ISC)"));
        assert!(answer("Apache-2.0 WITH LLVM-exception"));
        assert!(!answer("Apache-2.0"));
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        for expression in ["", "MIT OR", "(MIT", "MIT)", "MIT ISC", "MIT WITH"] {
            assert!(allowed(expression, &BTreeSet::new()).is_err(), "{expression}");
        }
    }
}
