//! One action or query, taken apart.

use proc_macro2::Ident;
use syn::ext::IdentExt;
use syn::{
    Attribute, Error, FnArg, GenericArgument, ImplItemFn, Meta, Pat, PatType, PathArguments, Receiver,
    ReceiverKind, Result, ReturnType, Token, Type, TypeReference, punctuated::Punctuated,
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
                let said = option.path.get_ident().map(ToString::to_string).unwrap_or_default();
                let near = names::suggestion(&said, ["external", "transient"]);
                return Err(option.error(format!("an action may be `external` or `transient`{near}")));
            }
            Ok(())
        }));
    }
    Some(Role::Action { external, transient })
}

fn params(method: &mut ImplItemFn, is_query: bool, faults: &mut Faults) -> Vec<Param> {
    let signature = method.sig.ident.clone();
    let mut inputs = method.sig.inputs.iter_mut().peekable();
    let lent = |receiver: &Receiver| matches!(receiver.kind, ReceiverKind::Reference(_, _, None));
    if !matches!(inputs.peek(), Some(FnArg::Receiver(receiver)) if lent(receiver)) {
        faults.add(&signature, "an action takes `&self`: what it changes is behind `tx`");
    }
    inputs.next_if(|input| matches!(input, FnArg::Receiver(_)));
    match inputs.next() {
        Some(FnArg::Typed(tx)) => {
            check_tx(&tx.ty, is_query, faults);
            if let Some(secret) = take_secret(&mut tx.attrs) {
                faults.add(&secret, "the transaction is no part of the input; what is secret is a parameter");
            }
        }
        _ => faults.add(&signature, &format!("after `&self` comes the transaction, {}", tx_form(is_query))),
    }
    let mut params: Vec<Param> = Vec::new();
    for input in inputs {
        let FnArg::Typed(input) = input else { continue };
        let Some(param) = param(input, faults) else { continue };
        if params.iter().any(|other| other.name == param.name) {
            faults.add(&param.ident, &format!("another parameter is called `{}` on the wire", param.name));
        }
        params.push(param);
    }
    params
}

fn param(input: &mut PatType, faults: &mut Faults) -> Option<Param> {
    let secret = take_secret(&mut input.attrs).is_some();
    let Pat::Ident(pattern) = &*input.pat else {
        faults.add(&input.pat, "a parameter is a name: it is the field's name on the wire");
        return None;
    };
    if matches!(*input.ty, Type::Reference(_) | Type::ImplTrait(_)) {
        faults.add(
            &input.ty,
            "a parameter is read from the wire: it has a type of its own and borrows nothing",
        );
    }
    let name = names::camel(pattern.ident.unraw().to_string().trim_start_matches('_'));
    let (ty, optional) = ((*input.ty).clone(), argument_of(&input.ty, "Option").is_some());
    Some(Param { ident: pattern.ident.clone(), name, ty, optional, secret })
}

/// Takes `#[secret]` off a parameter.
fn take_secret(attributes: &mut Vec<Attribute>) -> Option<Attribute> {
    attributes.extract_if(.., |attribute| attribute.path().is_ident("secret")).last()
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
