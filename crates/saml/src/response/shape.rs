//! The only shape of a Response that is looked into any further.

use uppsala::Document;

use crate::{
    CheckName, Refusal,
    check::{Checklist, Listed},
    name::{ASSERTION, DSIG, PROTOCOL, SUCCESS, XENC},
    xml::{Node, is_id},
};

/// The attributes that verifiers take for IDs, whatever their namespace.
const ID_ATTRIBUTES: [&str; 4] = ["ID", "Id", "id", "AssertionID"];

/// Elements of XML Signature that SAML never needs and that carry content or keys from elsewhere.
const FORBIDDEN: [&str; 5] = ["Object", "Manifest", "SignatureProperties", "RetrievalMethod", "KeyInfoReference"];

const ONE_ASSERTION: &str = "one Assertion, child of the Response, Version 2.0";

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
    encrypted: Vec<Node<'t>>,
    pub(crate) signatures: Vec<Node<'t>>,
    pub(crate) forbidden: Option<&'t str>,
    pub(crate) repeated_id: bool,
}

/// A Response, by what it carries.
pub(super) enum Message<'t> {
    Plain(Shape<'t>),
    Encrypted(Envelope<'t>),
}

/// A Response with an EncryptedAssertion.
pub(super) struct Envelope<'t> {
    pub(super) response: Node<'t>,
    pub(super) encrypted: Node<'t>,
    /// The Response as the only element that may be signed.
    pub(super) signable: Shape<'t>,
}

impl<'t> Message<'t> {
    /// Finds the parts, by namespace, or refuses. Without `decrypts` nothing encrypted is taken.
    pub(super) fn read(document: &'t Document<'t>, decrypts: bool, checks: &mut Checklist) -> Result<Self, Refusal> {
        let (response, response_id) = response(Node::root(document), checks)?;
        status(response, checks)?;
        let inventory = Inventory::of(response);
        let only = only_assertion(response, &inventory, decrypts, checks)?;
        if only.is(ASSERTION, "EncryptedAssertion") {
            checks.pass(CheckName::ResponseAssertion, ONE_ASSERTION, "an EncryptedAssertion");
            let signable = Shape::lone(response, response_id, inventory);
            return Ok(Self::Encrypted(Envelope { response, encrypted: only, signable }));
        }
        let assertion_id = assertion_id(only, checks)?;
        let Inventory { signatures, forbidden, .. } = inventory;
        Ok(Self::Plain(Shape { response, response_id, assertion: only, assertion_id, signatures, forbidden }))
    }
}

impl<'t> Shape<'t> {
    /// Whether the NameID is encrypted: nobody without the key reads whom the Assertion is about.
    pub(super) fn hides_name_id(&self) -> bool {
        let subject = self.assertion.only(ASSERTION, "Subject");
        subject.is_some_and(|subject| subject.named(ASSERTION, "EncryptedID").next().is_some())
    }

    /// The parts of a decrypted Assertion, which is the only element of its document that may be signed.
    pub(super) fn of_decrypted(root: Node<'t>, checks: &mut Checklist) -> Result<Self, Refusal> {
        let inventory = Inventory::of(root);
        if inventory.assertions.len() + inventory.encrypted.len() != 1 {
            let found = "another assertion inside of the decrypted one";
            return Err(checks.fail(CheckName::ResponseAssertion, ONE_ASSERTION, found, Refusal::AssertionNotSingle));
        }
        if inventory.repeated_id {
            let found = "an ID that two elements carry";
            return Err(checks.fail(CheckName::ResponseAssertion, ONE_ASSERTION, found, Refusal::IdNotUnique));
        }
        Ok(Self::lone(root, assertion_id(root, checks)?, inventory))
    }

    /// A document in which nothing but this element may be signed: in the places of both Response and Assertion.
    fn lone(element: Node<'t>, id: &'t str, inventory: Inventory<'t>) -> Self {
        let Inventory { signatures, forbidden, .. } = inventory;
        Self { response: element, response_id: id, assertion: element, assertion_id: id, signatures, forbidden }
    }
}

impl<'t> Inventory<'t> {
    pub(crate) fn of(root: Node<'t>) -> Self {
        let mut inventory = Self::default();
        let mut ids = Vec::new();
        for node in root.walk() {
            let Some(element) = node.element() else { continue };
            let (name, namespace) = (&*element.name.local_name, element.name.namespace_uri.as_deref());
            match name {
                "Assertion" if namespace == Some(ASSERTION) => inventory.assertions.push(node),
                "EncryptedAssertion" if namespace == Some(ASSERTION) => inventory.encrypted.push(node),
                "Signature" if namespace == Some(DSIG) => inventory.signatures.push(node),
                _ if FORBIDDEN.contains(&name) && !leads_to_key(node) => {
                    inventory.forbidden = inventory.forbidden.or(Some(name));
                }
                _ => {}
            }
            for attribute in &element.attributes {
                if ID_ATTRIBUTES.contains(&&*attribute.name.local_name) {
                    ids.push(&*attribute.value);
                }
            }
        }
        ids.sort_unstable();
        inventory.repeated_id = !ids.is_sorted_by(|one, next| one < next);
        inventory
    }
}

/// Whether this is the RetrievalMethod of an EncryptedData, which the reader of encrypted elements judges.
fn leads_to_key(node: Node<'_>) -> bool {
    let data = node.parent().filter(|key_info| key_info.is(DSIG, "KeyInfo")).and_then(Node::parent);
    node.is(DSIG, "RetrievalMethod") && data.is_some_and(|data| data.is(XENC, "EncryptedData"))
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
fn status<'t>(response: Node<'t>, checks: &mut Checklist) -> Result<(), Refusal> {
    let outer = response.only(PROTOCOL, "Status").and_then(|status| status.only(PROTOCOL, "StatusCode"));
    let inner = outer.and_then(|code| code.only(PROTOCOL, "StatusCode"));
    let value = |code: Option<Node<'t>>| code.and_then(|code| code.attribute("Value"));
    let code = value(outer).unwrap_or("none");
    // The second code says what went wrong: AuthnFailed, RequestDenied, NoPassive and so on.
    let found = Listed(std::iter::once(code).chain(value(inner)));
    checks.require(CheckName::ResponseStatus, code == SUCCESS, SUCCESS, found, Refusal::StatusNotSuccess)
}

/// Exactly one Assertion in the whole tree, encrypted or not, and that one a child of the Response: there is no other
/// element that a reader could take for it.
fn only_assertion<'t>(
    response: Node<'t>,
    inventory: &Inventory<'t>,
    decrypts: bool,
    checks: &mut Checklist,
) -> Result<Node<'t>, Refusal> {
    let mut fail = |found: &str, refusal| Err(checks.fail(CheckName::ResponseAssertion, ONE_ASSERTION, found, refusal));
    let count = inventory.assertions.len() + inventory.encrypted.len();
    let only = match (inventory.assertions.as_slice(), inventory.encrypted.as_slice()) {
        ([], []) => return fail("none", Refusal::AssertionMissing),
        ([], [_]) if !decrypts => return fail("an EncryptedAssertion", Refusal::AssertionEncrypted),
        ([only], []) | ([], [only]) => *only,
        _ => return fail(&format!("{count} assertions"), Refusal::AssertionNotSingle),
    };
    if only.parent().map(Node::id) != Some(response.id()) {
        let parent = only.parent().map_or("nothing", Node::local_name);
        return fail(&format!("child of {parent}"), Refusal::AssertionMisplaced);
    }
    if inventory.repeated_id {
        return fail("an ID that two elements carry", Refusal::IdNotUnique);
    }
    Ok(only)
}

/// SAML core section 2.3.3: Version 2.0, with an ID.
fn assertion_id<'t>(assertion: Node<'t>, checks: &mut Checklist) -> Result<&'t str, Refusal> {
    let name = CheckName::ResponseAssertion;
    let version = assertion.attribute("Version").unwrap_or("none");
    if version != "2.0" {
        return Err(checks.fail(name, ONE_ASSERTION, &format!("Version {version}"), Refusal::NotAResponse));
    }
    let Some(id) = id(assertion) else {
        let found = assertion.attribute("ID").unwrap_or("no ID");
        return Err(checks.fail(name, ONE_ASSERTION, found, Refusal::IdInvalid));
    };
    checks.pass(name, ONE_ASSERTION, id);
    Ok(id)
}

/// The ID, when it is one.
fn id(node: Node<'_>) -> Option<&str> {
    node.attribute("ID").filter(|id| is_id(id))
}
