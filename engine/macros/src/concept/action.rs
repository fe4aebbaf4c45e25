//! One action or query, taken apart.

use proc_macro2::Ident;
use syn::{
    Attribute, Error, FnArg, GenericArgument, ImplItemFn, Meta, Pat, PathArguments, ReceiverKind, Result,
    ReturnType, Token, Type, TypeReference, punctuated::Punctuated,
};

use crate::docs::{self, Docs};
use crate::faults::Faults;
use crate::names;

pub(crate) struct Action {
    pub(crate) method: Ident,
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) docs: Docs,
    pub(crate) params: Vec<Param>,
    /// The type of the result; of a query, of one row.
    pub(crate) output: Type,
    pub(crate) error: Type,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Role {
    Action { external: bool, transient: bool },
    One,
    Optional,
    Many,
}

pub(crate) struct Param {
    pub(crate) ident: Ident,
    pub(crate) name: String,
    pub(crate) ty: Type,
    pub(crate) optional: bool,
    pub(crate) secret: bool,
}

impl Action {
    /// Reads a method and takes our attributes off it. Nothing, if it is a helper.
    pub(crate) fn read(method: &mut ImplItemFn, faults: &mut Faults) -> Option<Self> {
        let role = role(method, faults)?;
        let mut found = Vec::new();
        let docs = Docs::read(&method.attrs, &mut found);
        faults.extend(found);
        let ident = method.sig.ident.clone();
        if docs.summary.is_empty() {
            faults.push(docs::missing(&ident, &format!("`{ident}`")));
        }
        let is_query = role == Role::One;
        if is_query != ident.to_string().starts_with('_') {
            let message = if is_query {
                format!("a query's name begins with `_`: `_{ident}`")
            } else {
                "only a query's name begins with `_`".to_owned()
            };
            faults.add(&ident, &message);
        }
        if method.sig.asyncness.is_none() {
            faults.add(&method.sig.fn_token, "an action is an `async fn`");
        }
        if !method.sig.generics.params.is_empty() {
            faults.add(&method.sig.generics, "an action has no type parameters");
        }
        let params = params(method, is_query, faults);
        let (output, error) = faults.absorb(results(&method.sig.output, &ident))?;
        let (role, output) = if is_query { rows(output) } else { (role, output) };
        Some(Self {
            name: names::camel(&ident.to_string()),
            method: ident,
            role,
            docs,
            params,
            output,
            error,
        })
    }
}

/// What the attributes make of the method; they are taken off it. A query is `One` until its type is known.
fn role(method: &mut ImplItemFn, faults: &mut Faults) -> Option<Role> {
    let (ours, others): (Vec<Attribute>, Vec<Attribute>) = std::mem::take(&mut method.attrs)
        .into_iter()
        .partition(|attribute| attribute.path().is_ident("action") || attribute.path().is_ident("query"));
    method.attrs = others;
    if let Some(second) = ours.get(1) {
        faults.add(second, "a method is an action or a query, once");
    }
    let attribute = ours.first()?;
    if attribute.path().is_ident("query") {
        if !matches!(attribute.meta, Meta::Path(_)) {
            faults.add(attribute, "`#[query]` takes no options");
        }
        return Some(Role::One);
    }
    let (mut external, mut transient) = (false, false);
    if !matches!(attribute.meta, Meta::Path(_)) {
        faults.absorb(attribute.parse_nested_meta(|option| {
            if option.path.is_ident("external") {
                external = true;
            } else if option.path.is_ident("transient") {
                transient = true;
            } else {
                return Err(option.error("an action may be `external` or `transient`"));
            }
            Ok(())
        }));
    }
    Some(Role::Action { external, transient })
}

fn params(method: &mut ImplItemFn, is_query: bool, faults: &mut Faults) -> Vec<Param> {
    let signature = method.sig.ident.clone();
    let mut inputs = method.sig.inputs.iter_mut();
    match inputs.next() {
        Some(FnArg::Receiver(receiver)) if matches!(receiver.kind, ReceiverKind::Reference(_, _, None)) => {}
        _ => faults.add(&signature, "an action takes `&self`: what it changes is behind `tx`"),
    }
    match inputs.next() {
        Some(FnArg::Typed(tx)) => check_tx(&tx.ty, is_query, faults),
        _ => faults.add(&signature, &format!("after `&self` comes the transaction, {}", tx_form(is_query))),
    }
    let mut params: Vec<Param> = Vec::new();
    for input in inputs {
        let FnArg::Typed(input) = input else { continue };
        let secret = input.attrs.iter().any(|attribute| attribute.path().is_ident("secret"));
        input.attrs.retain(|attribute| !attribute.path().is_ident("secret"));
        let Pat::Ident(pattern) = &*input.pat else {
            faults.add(&input.pat, "a parameter is a name: it is the field's name on the wire");
            continue;
        };
        let name = names::camel(pattern.ident.to_string().trim_start_matches('_'));
        if params.iter().any(|other| other.name == name) {
            faults.add(&pattern.ident, &format!("another parameter is called `{name}` on the wire"));
        }
        let (ty, optional) = ((*input.ty).clone(), argument_of(&input.ty, "Option").is_some());
        params.push(Param { ident: pattern.ident.clone(), name, ty, optional, secret });
    }
    params
}

fn tx_form(is_query: bool) -> &'static str {
    if is_query { "`tx: &Tx`: a query only reads" } else { "`tx: &mut Tx`" }
}

fn check_tx(ty: &Type, is_query: bool, faults: &mut Faults) {
    let right = matches!(
        ty,
        Type::Reference(TypeReference { mutability, elem, .. })
            if is_tx(elem) && mutability.is_some() != is_query
    );
    if !right {
        faults.add(ty, &format!("here goes the transaction, {}", tx_form(is_query)));
    }
}

fn is_tx(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Tx"))
}

/// The two types of `Result<T, E>`.
fn results(output: &ReturnType, method: &Ident) -> Result<(Type, Type)> {
    let help = "an action returns `Result<T, Error>`: its named results, or the concept's error";
    let ReturnType::Type(_, ty) = output else { return Err(Error::new_spanned(method, help)) };
    let types = arguments_of(ty, "Result").unwrap_or_default();
    match &types[..] {
        [output, error] => Ok((output.clone(), error.clone())),
        _ => Err(Error::new_spanned(ty, help)),
    }
}

/// How many rows a query gives, and the type of one.
fn rows(output: Type) -> (Role, Type) {
    if let Some(row) = argument_of(&output, "Vec") {
        return (Role::Many, row);
    }
    match argument_of(&output, "Option") {
        Some(row) => (Role::Optional, row),
        None => (Role::One, output),
    }
}

/// The `T` of `Name<T>`.
fn argument_of(ty: &Type, name: &str) -> Option<Type> {
    arguments_of(ty, name)?.into_iter().next()
}

fn arguments_of(ty: &Type, name: &str) -> Option<Vec<Type>> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|segment| segment.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    let arguments: &Punctuated<GenericArgument, Token![,]> = &arguments.args;
    let types = arguments.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty.clone()),
        _ => None,
    });
    Some(types.collect())
}
