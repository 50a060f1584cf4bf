//! Who exists in the sandbox: organizations, their identity providers, their people.

use vestibule_saml_idp::KeyType;

/// A customer of the simulated SaaS, as the registry gets to know it.
#[derive(Clone, Copy, Debug)]
pub struct Organization {
    /// The organization code; the external id is made of it.
    pub slug: &'static str,
    /// What people read.
    pub display_name: &'static str,
    /// What it pays for.
    pub tier: &'static str,
    /// The domain it owns.
    pub domain: &'static str,
    /// The identity providers it connects, by [`Login::path`].
    pub logins: &'static [&'static str],
    /// Whether nobody may sign in.
    pub suspended: bool,
}

/// An organization's account at a simulated identity provider.
#[derive(Clone, Copy, Debug)]
pub struct Login {
    /// The first segment of its addresses: `/{path}/metadata`, `/{path}/sso`.
    pub path: &'static str,
    /// What people read.
    pub display_name: &'static str,
    /// The software behind it. Logins of one software share entity id and signing key, as the tenants of some products do.
    pub software: &'static str,
    /// What the software signs with.
    pub key_type: KeyType,
    /// How it names the attributes of a person.
    pub dialect: Dialect,
    /// Whether it takes signed requests only and encrypts what it asserts, with the keys of the service provider's metadata.
    pub keyed: bool,
    /// Whether its people may begin at its portal, rather than at the application.
    pub portal: bool,
    /// Who can sign in.
    pub people: &'static [Person],
}

/// How an identity provider names attributes and subjects.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Dialect {
    /// Claim URIs and a persistent NameID, as Microsoft Entra ID sends them.
    ClaimUris,
    /// Short names and an e-mail address as NameID, as Okta is usually set up.
    ShortNames,
    /// LDAP's object identifiers and a persistent NameID, as Shibboleth sends them.
    ObjectIdentifiers,
}

/// A person who can sign in at an identity provider.
#[derive(Clone, Copy, Debug)]
pub struct Person {
    /// The identity provider's own, lasting id of the person.
    pub id: &'static str,
    /// The e-mail address.
    pub email: &'static str,
    /// The given name.
    pub given_name: &'static str,
    /// The family name.
    pub family_name: &'static str,
    /// Groups, as the identity provider calls them.
    pub groups: &'static [&'static str],
}

impl Person {
    /// Given and family name.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} {}", self.given_name, self.family_name)
    }
}

const fn person(
    id: &'static str,
    email: &'static str,
    given_name: &'static str,
    family_name: &'static str,
    groups: &'static [&'static str],
) -> Person {
    Person { id, email, given_name, family_name, groups }
}

/// The identity providers of the sandbox. Globex and the partners of Initech share one software.
pub const LOGINS: &[Login] = &[
    Login {
        path: "acme",
        display_name: "Acme Login",
        software: "acme",
        key_type: KeyType::Rsa2048,
        dialect: Dialect::ClaimUris,
        keyed: false,
        portal: false,
        people: &[
            person("a-1001", "ada@acme.test", "Ada", "Lovelace", &["engineering", "admins"]),
            person("a-1002", "grace@acme.test", "Grace", "Hopper", &["engineering"]),
            person("a-1003", "jose@acme.test", "José", "Ñandú", &[]),
        ],
    },
    Login {
        path: "globex",
        display_name: "Globex Single Sign-On",
        software: "shared",
        key_type: KeyType::Rsa2048,
        dialect: Dialect::ShortNames,
        keyed: false,
        portal: true,
        people: &[
            person("g-2001", "alan@globex.test", "Alan", "Turing", &["research"]),
            person("g-2002", "katherine@globex.test", "Katherine", "Johnson", &["research", "admins"]),
        ],
    },
    Login {
        path: "initech-staff",
        display_name: "Initech staff",
        software: "initech",
        key_type: KeyType::EcP256,
        dialect: Dialect::ObjectIdentifiers,
        keyed: true,
        portal: false,
        people: &[person("i-3001", "dorothy@initech.test", "Dorothy", "Vaughan", &["staff"])],
    },
    Login {
        path: "initech-partners",
        display_name: "Initech partners",
        software: "shared",
        key_type: KeyType::Rsa2048,
        dialect: Dialect::ShortNames,
        keyed: false,
        portal: false,
        people: &[person("p-4001", "edsger@initech.test", "Edsger", "Dijkstra", &["partners"])],
    },
];

/// The organizations of the sandbox.
pub const ORGANIZATIONS: &[Organization] = &[
    Organization {
        slug: "acme",
        display_name: "Acme Corporation",
        tier: "enterprise",
        domain: "acme.test",
        logins: &["acme"],
        suspended: false,
    },
    Organization {
        slug: "globex",
        display_name: "Globex",
        tier: "business",
        domain: "globex.test",
        logins: &["globex"],
        suspended: false,
    },
    Organization {
        slug: "initech",
        display_name: "Initech",
        tier: "business",
        domain: "initech.test",
        logins: &["initech-staff", "initech-partners"],
        suspended: false,
    },
    Organization {
        slug: "hooli",
        display_name: "Hooli",
        tier: "free",
        domain: "hooli.test",
        logins: &[],
        suspended: true,
    },
];

/// The person with this e-mail address, and where they sign in.
#[must_use]
pub fn find_person(email: &str) -> Option<(&'static Login, &'static Person)> {
    LOGINS.iter().find_map(|login| Some((login, login.people.iter().find(|person| person.email == email)?)))
}
