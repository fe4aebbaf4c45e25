//! `#[concept]` on an impl: its actions and queries.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{Error, ImplItem, ItemImpl, Result, Type};

use super::action::{Action, Param, Role};
use crate::docs::{self, Docs};
use crate::faults::Faults;
use crate::names;

pub(crate) fn expand(mut item: ItemImpl) -> TokenStream {
    let mut faults = Faults::default();
    let mut actions: Vec<Action> = Vec::new();
    for entry in &mut item.items {
        let ImplItem::Fn(method) = entry else { continue };
        let Some(action) = Action::read(method, &mut faults) else { continue };
        if actions.iter().any(|other| other.name == action.name) {
            faults.add(&action.method, &format!("another action is called `{}` on the wire", action.name));
        }
        actions.push(action);
    }
    let name = faults.absorb(name_of(&item));
    let mut found = Vec::new();
    let docs = Docs::read(&item.attrs, &mut found);
    faults.extend(found);
    if docs.summary.is_empty() {
        faults.push(docs::missing(&item.self_ty, "a concept"));
    }
    let emitted = match (faults.finish(), name) {
        (Ok(()), Some(name)) => emit(&name, &docs, &actions),
        (Ok(()), None) => TokenStream::new(),
        (Err(faults), _) => faults.to_compile_error(),
    };
    quote!(#item #emitted)
}

fn name_of(item: &ItemImpl) -> Result<Ident> {
    if let Some((path, _)) = &item.trait_ {
        return Err(Error::new_spanned(
            path,
            "a concept's actions stand in an `impl` of its own, not of a trait",
        ));
    }
    match &*item.self_ty {
        Type::Path(path) if path.path.get_ident().is_some() => {
            Ok(format_ident!("{}", path.path.segments[0].ident))
        }
        other => Err(Error::new_spanned(other, "a concept has a plain name")),
    }
}

fn emit(name: &Ident, docs: &Docs, actions: &[Action]) -> TokenStream {
    let text = name.to_string();
    let Docs { summary, principle, .. } = docs;
    let inputs = actions.iter().map(input_struct);
    let specs = actions.iter().map(spec);
    // Names that an author's parameters can neither take nor hide.
    let local = |name| Ident::new(name, Span::mixed_site());
    let (tx, input) = (local("tx"), local("input"));
    let arms = actions.iter().enumerate().map(|(place, action)| arm(place, action, &tx, &input));
    quote! {
        const _: () = {
            #(#inputs)*

            #[automatically_derived]
            impl ::concord::Concept for #name {
                const SPEC: &'static ::concord::spec::ConceptSpec = &::concord::spec::ConceptSpec {
                    name: #text,
                    purpose: #summary,
                    principle: #principle,
                    actions: &[#(#specs),*],
                };

                fn call<'a>(
                    &'a self,
                    action: usize,
                    #tx: &'a mut ::concord::Tx,
                    #input: ::concord::Input<'a>,
                ) -> ::concord::Running<'a> {
                    match action {
                        #(#arms)*
                        _ => ::concord::rt::no_such_action(),
                    }
                }
            }
        };
    }
}

/// What the schema of an action's input is called. `get` and `_get` may stand side by side.
fn input_title(action: &Action) -> String {
    let suffix = if matches!(action.role, Role::Action { .. }) { "Input" } else { "Query" };
    names::pascal(&action.method.unraw().to_string()) + suffix
}

/// The underscores keep it apart from the author's types: it hides any of the same name from the parameters.
fn input_name(action: &Action) -> Ident {
    format_ident!("__{}", input_title(action))
}

fn input_struct(action: &Action) -> TokenStream {
    let (name, title) = (input_name(action), input_title(action));
    let fields = action.params.iter().map(|Param { ident, name, ty, optional, secret }| {
        let absent =
            optional.then(|| quote!(default, skip_serializing_if = "::core::option::Option::is_none",));
        let hidden = secret.then(|| quote!(serialize_with = "::concord::rt::redacted",));
        quote!(#[serde(#absent #hidden rename = #name)] #ident: #ty)
    });
    quote! {
        #[derive(
            ::concord::rt::serde::Serialize, ::concord::rt::serde::Deserialize, ::concord::rt::schemars::JsonSchema,
        )]
        #[serde(crate = "::concord::rt::serde", deny_unknown_fields)]
        #[schemars(crate = "::concord::rt::schemars", rename = #title)]
        struct #name { #(#fields),* }
    }
}

fn spec(action: &Action) -> TokenStream {
    let Action { name, output, error, .. } = action;
    let Docs { summary, requires, effects, .. } = &action.docs;
    let input = input_name(action);
    let role = match action.role {
        Role::Action { external, transient } => {
            quote!(::concord::spec::Role::Action { external: #external, transient: #transient })
        }
        Role::One => quote!(::concord::spec::Role::Query(::concord::spec::Rows::One)),
        Role::Optional => quote!(::concord::spec::Role::Query(::concord::spec::Rows::Optional)),
        Role::Many => quote!(::concord::spec::Role::Query(::concord::spec::Rows::Many)),
    };
    let params = action.params.iter().map(|Param { name, optional, secret, .. }| {
        quote!(::concord::spec::ParamSpec { name: #name, optional: #optional, secret: #secret })
    });
    quote! {
        ::concord::spec::ActionSpec {
            name: #name,
            role: #role,
            summary: #summary,
            requires: &[#(#requires),*],
            effects: &[#(#effects),*],
            params: &[#(#params),*],
            input: ::concord::rt::schema::<#input>,
            output: ::concord::rt::output::<#output>,
            errors: <#error as ::concord::ConceptError>::ERRORS,
            open: false,
            stimulus: false,
        }
    }
}

fn arm(place: usize, action: &Action, tx: &Ident, input: &Ident) -> TokenStream {
    let (method, fields_of) = (&action.method, input_name(action));
    let fields: Vec<&Ident> = action.params.iter().map(|param| &param.ident).collect();
    let finish = match action.role {
        Role::Action { .. } => quote!(action),
        Role::One => quote!(one),
        Role::Optional | Role::Many => quote!(rows),
    };
    let lent = if matches!(action.role, Role::Action { .. }) { quote!(#tx) } else { quote!(&*#tx) };
    let read = quote!(#input.read(&Self::SPEC.actions[#place])?);
    let form = Ident::new("form", Span::mixed_site());
    // A future that is not `Send`, or a result without a JSON form, is told at the method.
    let at = Span::call_site().located_at(method.span());
    quote_spanned! {at=>
        #place => ::std::boxed::Box::pin(async move {
            let (#form, #fields_of { #(#fields),* }) = (#input.form(), #read);
            ::concord::rt::#finish(self.#method(#lent, #(#fields),*).await, #form)
        }),
    }
}
