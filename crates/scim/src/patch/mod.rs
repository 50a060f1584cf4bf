//! PATCH (RFC 7644 section 3.5.2), in the standard's shapes and in those that Entra ID and Okta send: `op` in any case,
//! booleans as text, no path and dotted names in the value, the members to remove in the value.

mod apply;
mod target;

use serde_json::Value;

use crate::{
    Refusal,
    document::{Document, ResourceType, must_have_schema},
    limit::OPERATIONS_MAX,
    message::PATCH_URN,
};

use target::Target;

/// What is to be changed of a resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Patch {
    resource_type: ResourceType,
    operations: Vec<Operation>,
}

#[derive(Clone, Debug, PartialEq)]
struct Operation {
    verb: Verb,
    target: Target,
    value: Option<Value>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Verb {
    Add,
    Replace,
    Remove,
}

impl Patch {
    /// Reads a PATCH request for a resource of a type. Nothing is applied when one operation cannot be read.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn parse(resource_type: ResourceType, said: &Value) -> Result<Self, Refusal> {
        let said = said.as_object().ok_or(Refusal::NotAnObject)?;
        must_have_schema(said, PATCH_URN)?;
        let operations = member(said, "Operations").and_then(Value::as_array).ok_or(Refusal::Operations)?;
        if operations.is_empty() || operations.len() > OPERATIONS_MAX {
            return Err(Refusal::Operations);
        }
        let mut read = Vec::new();
        for (index, operation) in operations.iter().enumerate() {
            read_operation(resource_type, index, operation, &mut read)?;
            // One value without a path may hold as many as the body has room for.
            if read.len() > OPERATIONS_MAX {
                return Err(Refusal::Operations);
            }
        }
        Ok(Self { resource_type, operations: read })
    }

    /// What becomes of the resource: all operations in their order, or none.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn apply(&self, document: &Document) -> Result<Document, Refusal> {
        let mut changed = document.clone();
        for operation in &self.operations {
            apply::apply(&mut changed, operation)?;
        }
        self.resource_type.check(&changed)?;
        Ok(changed)
    }
}

fn read_operation(
    resource_type: ResourceType,
    index: usize,
    operation: &Value,
    read: &mut Vec<Operation>,
) -> Result<(), Refusal> {
    let operation = operation.as_object().ok_or(Refusal::Operation(index))?;
    let verb = match member(operation, "op").and_then(Value::as_str) {
        Some(op) if op.eq_ignore_ascii_case("add") => Verb::Add,
        Some(op) if op.eq_ignore_ascii_case("replace") => Verb::Replace,
        Some(op) if op.eq_ignore_ascii_case("remove") => Verb::Remove,
        _ => return Err(Refusal::Operation(index)),
    };
    let value = member(operation, "value").cloned();
    if value.is_none() && verb != Verb::Remove {
        return Err(Refusal::OperationValue(index));
    }
    match member(operation, "path") {
        Some(Value::String(path)) if !path.is_empty() => {
            if let Some(target) = Target::parse(resource_type, path)? {
                read.push(Operation { verb, target, value });
            }
            Ok(())
        }
        Some(Value::Null) | None if verb != Verb::Remove => {
            // RFC 7644 sections 3.5.2.1 and 3.5.2.3: without a path, the value holds the attributes.
            let attributes = value.as_ref().and_then(Value::as_object).ok_or(Refusal::NotAnObject)?;
            for (name, value) in attributes {
                if let Some(target) = Target::named(resource_type, name)? {
                    read.push(Operation { verb, target, value: Some(value.clone()) });
                }
            }
            Ok(())
        }
        // RFC 7644 section 3.5.2.2: a removal without a path has no target.
        Some(Value::Null) | None => Err(Refusal::NoTarget("path")),
        Some(_) => Err(Refusal::Path),
    }
}

fn member<'a>(object: &'a Document, name: &str) -> Option<&'a Value> {
    object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}
