use super::{Claim, Preset, names};

/// How an identity provider's attributes are read.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Mapping {
    /// The product.
    pub preset: Preset,
    /// Explicit rules, at most one a claim. A claim with a rule comes from the attributes of that rule and from nowhere
    /// else: what was said explicitly is not guessed around.
    pub rules: Vec<ClaimRule>,
    /// By what a person is recognised.
    pub subject: SubjectSource,
}

/// From which attributes one claim comes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClaimRule {
    /// The claim.
    pub claim: Claim,
    /// Names of attributes, the best first; compared without regard to case.
    pub attributes: Vec<String>,
}

/// By what a person is recognised.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum SubjectSource {
    /// By the NameID.
    #[default]
    NameId,
    /// By the attribute of exactly this Name.
    Attribute(String),
}

impl Mapping {
    pub(super) fn rule(&self, claim: Claim) -> Option<&ClaimRule> {
        self.rules.iter().find(|rule| rule.claim == claim)
    }

    /// The names of a claim, the best first, in lower case.
    pub(super) fn names(&self, claim: Claim) -> Vec<String> {
        if let Some(rule) = self.rule(claim) {
            return rule.attributes.iter().map(|name| name.to_ascii_lowercase()).collect();
        }
        let (product, usual) = (self.preset.names(claim), names::usual(claim));
        product.iter().chain(usual).map(|name| (*name).to_owned()).collect()
    }
}
