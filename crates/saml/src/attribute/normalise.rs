use std::collections::{HashMap, HashSet};

use super::{Claim, Mapping, NormalisedIdentity, SubjectSource, names::GROUPS_LINK, subject};
use crate::{Assertion, Attribute, NameId, limit, name::name_id_format};

/// Puts an assertion's attributes into the words of OpenID Connect.
///
/// Of several attributes that mean the same claim the one with the best name counts. A claim with one value that
/// comes with several different ones, or with one that cannot be read, is left out, because nobody can say which is
/// meant.
#[must_use]
pub fn normalise(assertion: &Assertion, mapping: &Mapping) -> NormalisedIdentity {
    read(Said { subject: &assertion.subject, attributes: &assertion.attributes }, mapping)
}

/// What somebody is said to be, whoever says it.
#[derive(Clone, Copy)]
pub(crate) struct Said<'a> {
    pub(crate) subject: &'a NameId,
    pub(crate) attributes: &'a [Attribute],
}

pub(crate) fn read(said: Said<'_>, mapping: &Mapping) -> NormalisedIdentity {
    let mut reader = Reader::new(said, mapping);
    let email = reader.one(Claim::Email).or_else(|| reader.email_of_name_id());
    let (given_name, family_name) = (reader.one(Claim::GivenName), reader.one(Claim::FamilyName));
    let name = reader.one(Claim::Name);
    let (groups, groups_truncated) = reader.groups();
    NormalisedIdentity {
        subject: subject::subject(said, &mapping.subject),
        email,
        given_name,
        family_name,
        name,
        groups,
        groups_truncated,
        unusable: reader.unusable(),
        unmapped: reader.unmapped(),
        sources: reader.sources,
        ambiguous: reader.ambiguous,
        oversized: reader.oversized,
    }
}

struct Reader<'a> {
    said: Said<'a>,
    mapping: &'a Mapping,
    /// The names of every claim, best first.
    names: Vec<(Claim, Vec<String>)>,
    /// The attributes that mean something, by the name that says so, in lower case.
    labelled: HashMap<String, Vec<&'a Attribute>>,
    /// The names, as they were sent, of those that mean nothing.
    others: Vec<&'a str>,
    sources: Vec<(Claim, String)>,
    ambiguous: Vec<Claim>,
    oversized: Vec<Claim>,
}

impl<'a> Reader<'a> {
    fn new(said: Said<'a>, mapping: &'a Mapping) -> Self {
        let names: Vec<_> = Claim::ALL.map(|claim| (claim, mapping.names(claim))).into();
        let mut reader = Self {
            said,
            mapping,
            labelled: HashMap::new(),
            others: Vec::new(),
            sources: Vec::new(),
            ambiguous: Vec::new(),
            oversized: Vec::new(),
            names: Vec::new(),
        };
        let known: HashSet<&str> = names.iter().flat_map(|(_, names)| names).map(String::as_str).collect();
        for attribute in said.attributes {
            // By Name; by FriendlyName only when the Name itself means nothing here.
            let label = [Some(&attribute.name), attribute.friendly_name.as_ref()].into_iter().flatten();
            match label.map(|name| name.to_ascii_lowercase()).find(|name| known.contains(name.as_str())) {
                Some(label) => reader.labelled.entry(label).or_default().push(attribute),
                None => reader.others.push(&attribute.name),
            }
        }
        reader.names = names;
        reader
    }

    /// The value of a claim that has one.
    fn one(&mut self, claim: Claim) -> Option<String> {
        let values = self.values(claim);
        match values.as_slice() {
            [] => None,
            [only] => Some((*only).to_owned()),
            _ => {
                self.sources.retain(|(each, _)| *each != claim);
                self.ambiguous.push(claim);
                None
            }
        }
    }

    /// A NameID that says it is an address, unless a rule or an attribute says something else about addresses.
    fn email_of_name_id(&self) -> Option<String> {
        let name_id = self.said.subject;
        let is_open = self.mapping.rule(Claim::Email).is_none() && !self.ambiguous.contains(&Claim::Email);
        (is_open && name_id.format == name_id_format::EMAIL_ADDRESS).then(|| name_id.value.trim().to_owned())
    }

    fn groups(&mut self) -> (Vec<String>, bool) {
        let values = self.values(Claim::Groups);
        let linked = self.said.attributes.iter().any(|each| each.name.eq_ignore_ascii_case(GROUPS_LINK));
        let truncated = linked || values.len() > limit::GROUPS_MAX;
        (values.into_iter().take(limit::GROUPS_MAX).map(str::to_owned).collect(), truncated)
    }

    /// The different values under the best name that has any, without white space around them.
    fn values(&mut self, claim: Claim) -> Vec<&'a str> {
        let names = self.names.iter().find(|(each, _)| *each == claim).map_or(&[][..], |(_, names)| names.as_slice());
        for name in names {
            let attributes = self.labelled.get(name).map_or(&[][..], Vec::as_slice);
            let (mut distinct, mut seen) = (Vec::new(), HashSet::new());
            for value in attributes.iter().flat_map(|each| &each.values) {
                let value = value.trim();
                if limit::is_beyond(value, limit::CLAIM_CHARS_MAX) {
                    if !self.oversized.contains(&claim) {
                        self.oversized.push(claim);
                    }
                } else if !value.is_empty() && seen.insert(value) {
                    distinct.push(value);
                }
            }
            // Of what cannot be read nobody knows whether it says the same.
            let unreadable = claim != Claim::Groups && attributes.iter().any(|each| each.has_unreadable());
            if unreadable {
                self.ambiguous.push(claim);
                return Vec::new();
            }
            if let (false, Some(first)) = (distinct.is_empty(), attributes.first()) {
                self.sources.push((claim, first.name.clone()));
                return distinct;
            }
        }
        Vec::new()
    }

    fn unusable(&self) -> Vec<String> {
        let unusable = self.said.attributes.iter().filter(|attribute| attribute.has_unreadable());
        distinct(unusable.map(|attribute| attribute.name.as_str()).filter(|name| !self.is_subject(name)))
    }

    fn unmapped(&self) -> Vec<String> {
        distinct(self.others.iter().copied().filter(|name| !self.is_subject(name)))
    }

    fn is_subject(&self, name: &str) -> bool {
        matches!(&self.mapping.subject, SubjectSource::Attribute(subject) if subject == name)
    }
}

fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut seen = HashSet::new();
    names.filter(|name| seen.insert(*name)).map(str::to_owned).collect()
}
