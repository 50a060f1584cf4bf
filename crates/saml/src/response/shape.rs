//! The only shape of a Response that is looked into any further.

use std::collections::HashSet;

use uppsala::Document;

use crate::{
    CheckName, Refusal,
    check::Checklist,
    name::{ASSERTION, DSIG, PROTOCOL, SUCCESS},
    xml::{Node, is_id},
};

/// The attributes that the signature engine resolves a reference by, whatever their namespace.
const ID_ATTRIBUTES: [&str; 4] = ["ID", "Id", "id", "AssertionID"];

/// Elements of XML Signature that SAML never needs and that carry content or keys from elsewhere.
const FORBIDDEN: [&str; 5] = ["Object", "Manifest", "SignatureProperties", "RetrievalMethod", "KeyInfoReference"];

/// The parts of a Response.
pub(super) struct Shape<'t> {
    pub(super) response: Node<'t>,
    pub(super) response_id: &'t str,
    pub(super) assertion: Node<'t>,
    pub(super) assertion_id: &'t str,
    /// Every `ds:Signature` of the whole tree, in document order.
    pub(super) signatures: Vec<Node<'t>>,
    /// The first forbidden element of XML Signature.
    pub(super) forbidden: Option<&'t str>,
}

/// What one walk over the whole tree finds, wherever it stands.
#[derive(Default)]
pub(crate) struct Inventory<'t> {
    assertions: Vec<Node<'t>>,
    encrypted: usize,
    pub(crate) signatures: Vec<Node<'t>>,
    pub(crate) forbidden: Option<&'t str>,
    pub(crate) repeated_id: bool,
}

impl<'t> Shape<'t> {
    /// Finds the parts, by namespace, or refuses.
    pub(super) fn read(document: &'t Document<'t>, checks: &mut Checklist) -> Result<Self, Refusal> {
        let root = Node::root(document);
        let (response, response_id) = response(root, checks)?;
        status(response, checks)?;
        let inventory = Inventory::of(response);
        let (assertion, assertion_id) = assertion(response, &inventory, checks)?;
        let Inventory { signatures, forbidden, .. } = inventory;
        Ok(Self { response, response_id, assertion, assertion_id, signatures, forbidden })
    }
}

impl<'t> Inventory<'t> {
    pub(crate) fn of(root: Node<'t>) -> Self {
        let mut inventory = Self::default();
        let mut ids = HashSet::new();
        for node in root.walk() {
            let Some(element) = node.element() else { continue };
            let name = &*element.name.local_name;
            match element.name.namespace_uri.as_deref() {
                Some(ASSERTION) if name == "Assertion" => inventory.assertions.push(node),
                Some(ASSERTION) if name == "EncryptedAssertion" => inventory.encrypted += 1,
                Some(DSIG) if name == "Signature" => inventory.signatures.push(node),
                _ if FORBIDDEN.contains(&name) => inventory.forbidden = inventory.forbidden.or(Some(name)),
                _ => {}
            }
            for attribute in &element.attributes {
                if ID_ATTRIBUTES.contains(&&*attribute.name.local_name) {
                    inventory.repeated_id |= !ids.insert(&*attribute.value);
                }
            }
        }
        inventory
    }
}

/// SAML core section 3.3.3: `samlp:Response`, Version 2.0, with an ID.
fn response<'t>(root: Option<Node<'t>>, checks: &mut Checklist) -> Result<(Node<'t>, &'t str), Refusal> {
    let (name, expected) = (CheckName::ResponseShape, "samlp:Response, Version 2.0, with an ID");
    let Some(root) = root else { return Err(checks.fail(name, expected, "nothing", Refusal::NotAResponse)) };
    if !root.is(PROTOCOL, "Response") {
        return Err(checks.fail(name, expected, root.local_name(), Refusal::NotAResponse));
    }
    let version = root.attribute("Version").unwrap_or("none");
    if version != "2.0" {
        return Err(checks.fail(name, expected, &format!("Version {version}"), Refusal::NotAResponse));
    }
    let Some(id) = id(root) else {
        return Err(checks.fail(name, expected, root.attribute("ID").unwrap_or("no ID"), Refusal::IdInvalid));
    };
    checks.pass(name, expected, id);
    Ok((root, id))
}

/// SAML core section 3.2.2.2: the top-level code is Success.
fn status(response: Node<'_>, checks: &mut Checklist) -> Result<(), Refusal> {
    let outer = response.only(PROTOCOL, "Status").and_then(|status| status.only(PROTOCOL, "StatusCode"));
    let inner = outer.and_then(|code| code.only(PROTOCOL, "StatusCode"));
    let value = |code: Option<Node<'_>>| code.and_then(|code| code.attribute("Value").map(str::to_owned));
    let code = value(outer).unwrap_or_else(|| "none".to_owned());
    // The second code says what went wrong: AuthnFailed, RequestDenied, NoPassive and so on.
    let found = value(inner).map_or_else(|| code.clone(), |detail| format!("{code}, {detail}"));
    checks.require(CheckName::ResponseStatus, code == SUCCESS, SUCCESS, &found, Refusal::StatusNotSuccess)
}

/// Exactly one Assertion in the whole tree, and that one a child of the Response: there is no other element that a
/// reader could take for it.
fn assertion<'t>(
    response: Node<'t>,
    inventory: &Inventory<'t>,
    checks: &mut Checklist,
) -> Result<(Node<'t>, &'t str), Refusal> {
    let (name, expected) = (CheckName::ResponseAssertion, "one Assertion, child of the Response, Version 2.0");
    let mut fail = |found: &str, refusal| Err(checks.fail(name, expected, found, refusal));
    let count = inventory.assertions.len() + inventory.encrypted;
    let assertion = match (inventory.assertions.as_slice(), inventory.encrypted) {
        ([], 0) => return fail("none", Refusal::AssertionMissing),
        ([], 1) => return fail("an EncryptedAssertion", Refusal::AssertionEncrypted),
        ([only], 0) => *only,
        _ => return fail(&format!("{count} assertions"), Refusal::AssertionNotSingle),
    };
    if assertion.parent().map(Node::id) != Some(response.id()) {
        let parent = assertion.parent().map_or("nothing", Node::local_name);
        return fail(&format!("child of {parent}"), Refusal::AssertionMisplaced);
    }
    if inventory.repeated_id {
        return fail("an ID that two elements carry", Refusal::IdNotUnique);
    }
    let version = assertion.attribute("Version").unwrap_or("none");
    if version != "2.0" {
        return fail(&format!("Version {version}"), Refusal::NotAResponse);
    }
    let Some(id) = id(assertion) else {
        return fail(assertion.attribute("ID").unwrap_or("no ID"), Refusal::IdInvalid);
    };
    checks.pass(name, expected, id);
    Ok((assertion, id))
}

/// The ID, when it is one.
fn id(node: Node<'_>) -> Option<&str> {
    node.attribute("ID").filter(|id| is_id(id))
}
