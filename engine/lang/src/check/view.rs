//! Views: checked once, on first use, so that they may stand in any order.

use std::sync::Arc;

use super::Checker;
use super::scope::Scope;
use crate::ast::Name;
use crate::diagnostic::Diagnostic;
use crate::plan;
use crate::types::{Base, Type};

/// How deep views may use each other: whoever works one out needs so much stack.
const DEPTH: usize = 16;

/// What is known of a view.
#[derive(Debug, Clone)]
pub(super) enum ViewSig {
    /// It is being checked: whoever asks now, asks in a circle.
    Open,
    /// It has been checked.
    Known {
        /// Its place in the plan.
        index: usize,
        params: Vec<(Arc<str>, Type)>,
        /// How many views deep it goes, itself included.
        depth: usize,
        /// Which parameters end in a secret input.
        secret: Vec<bool>,
        gives: Type,
    },
}

/// What a view gives for some arguments.
pub(super) struct Applied {
    view: Arc<str>,
    args: Vec<Type>,
    gives: Type,
}

impl Checker<'_> {
    /// What the view of this name takes and gives.
    pub(super) fn view_sig(&mut self, name: &Name) -> Option<ViewSig> {
        match self.views.get(&name.text) {
            Some(ViewSig::Open) => {
                let message = format!("the view `{}` uses itself", name.text);
                self.say(Diagnostic::error("view-cycle", name.span, message));
                return None;
            }
            Some(ViewSig::Known { .. }) => return self.known_view(name),
            None => {}
        }
        if self.view_depth >= DEPTH {
            self.too_deep(name);
            return None;
        }
        let view = *self.folder.views.iter().find(|view| view.name.text == name.text)?;
        self.views.insert(Arc::clone(&name.text), ViewSig::Open);
        self.view_depth += 1;
        let reach_before = std::mem::take(&mut self.view_reach);
        let was_loose = std::mem::take(&mut self.loose);
        let mut scope = Scope::default();
        let params: Vec<(Arc<str>, Type)> = view
            .params
            .iter()
            .map(|param| {
                let ty = self.holes.fresh();
                scope.bind(param, ty.clone(), true);
                (Arc::clone(&param.text), ty)
            })
            .collect();
        let checked = self.lines(&mut scope, &view.body);
        if checked.many {
            let span = checked.many_at.unwrap_or(view.span);
            let message = "a view gives one value, and this line may have many rows";
            self.say(
                Diagnostic::error("many-rows", span, message)
                    .help("take the `first`, or list them: [Concept._query (…) : (…) => …]"),
            );
        }
        let (give, gives) = self.expression(&mut scope, &view.give);
        self.idle(&mut scope);
        self.loose = was_loose;
        self.view_depth -= 1;
        let depth = 1 + std::mem::replace(&mut self.view_reach, reach_before);
        let gives = self.holes.resolve(&gives);
        let secret = params.iter().map(|(_, ty)| self.holes.is_secret(ty)).collect();
        let known = ViewSig::Known {
            index: self.plan.views.len(),
            depth,
            secret,
            gives: Type { null: gives.null || checked.drops.is_some(), ..gives },
            params: params.iter().map(|(name, ty)| (Arc::clone(name), self.holes.resolve(ty))).collect(),
        };
        self.plan.views.push(plan::View {
            name: Arc::clone(&view.name.text),
            params: view.params.len(),
            body: checked.steps,
            give,
            slots: scope.slots.len(),
        });
        if depth == DEPTH + 1 {
            self.too_deep(&view.name); // once: what uses it is deeper still
        }
        self.views.insert(Arc::clone(&name.text), known);
        self.known_view(name)
    }

    /// What a view gives for these arguments. Where it gives something of a parameter of which it knows nothing, its lines are
    /// looked at once more with what the arguments are; whatever is wrong with them has been said.
    pub(super) fn gives_for(&mut self, name: &Name, gives: &Type, args: Vec<Type>) -> Type {
        if !is_vague(gives) || args.iter().all(|arg| arg.base == Base::Any) {
            return gives.clone();
        }
        let is_it = |known: &&Applied| known.view == name.text && known.args == args;
        if let Some(known) = self.applied.iter().find(is_it) {
            return known.gives.clone();
        }
        let views = &self.folder.views;
        let Some(view) = views.iter().copied().find(|view| view.name.text == name.text) else {
            return gives.clone();
        };
        let said = std::mem::take(self.diagnostics);
        let was_loose = std::mem::take(&mut self.loose);
        let reach = self.view_reach;
        let known = self.views.insert(Arc::clone(&name.text), ViewSig::Open);
        let mut scope = Scope::default();
        for (param, ty) in view.params.iter().zip(&args) {
            scope.bind(param, ty.clone(), false);
        }
        let checked = self.lines(&mut scope, &view.body);
        let (_, gives) = self.expression(&mut scope, &view.give);
        self.views.extend(known.map(|known| (Arc::clone(&name.text), known)));
        (*self.diagnostics, self.loose, self.view_reach) = (said, was_loose, reach);
        let gives = Type { null: gives.null || checked.drops.is_some(), ..gives };
        self.applied.push(Applied { view: Arc::clone(&name.text), args, gives: gives.clone() });
        gives
    }

    /// A view that has been checked, as part of what is being checked now.
    fn known_view(&mut self, name: &Name) -> Option<ViewSig> {
        let known = self.views.get(&name.text)?.clone();
        if let ViewSig::Known { depth, .. } = known {
            self.view_reach = self.view_reach.max(depth);
        }
        Some(known)
    }

    fn too_deep(&mut self, name: &Name) {
        let message = format!("views use each other more than {DEPTH} deep");
        self.say(Diagnostic::error("deep-views", name.span, message));
    }

    /// Warns of variables that nothing reads.
    pub(super) fn idle(&mut self, scope: &mut Scope) {
        for variable in scope.idle() {
            let message = format!("nothing uses `{}`", variable.name);
            self.say(Diagnostic::warning("unused", variable.span, message));
        }
    }
}

/// Whether there is anything in it that may be anything.
fn is_vague(ty: &Type) -> bool {
    match &ty.base {
        Base::Any | Base::Hole(_) => true,
        Base::List(inner) | Base::Map(inner) => is_vague(inner),
        Base::Object(fields) => fields.iter().any(|field| is_vague(&field.ty)),
        Base::Nothing | Base::Bool | Base::Number | Base::Text | Base::Id(_) | Base::OneOf(_) => false,
    }
}
