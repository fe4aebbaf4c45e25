//! Views: checked once, on first use, so that they may stand in any order.

use std::sync::Arc;

use super::Checker;
use super::scope::Scope;
use crate::ast::Name;
use crate::diagnostic::Diagnostic;
use crate::plan;
use crate::types::Type;

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
        /// Which parameters end in a secret input.
        secret: Vec<bool>,
        gives: Type,
    },
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
            Some(known) => return Some(known.clone()),
            None => {}
        }
        let view = *self.folder.views.iter().find(|view| view.name.text == name.text)?;
        self.views.insert(Arc::clone(&name.text), ViewSig::Open);
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
        let gives = self.holes.resolve(&gives);
        let secret = params.iter().map(|(_, ty)| self.holes.is_secret(ty)).collect();
        let known = ViewSig::Known {
            index: self.plan.views.len(),
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
        self.views.insert(Arc::clone(&name.text), known.clone());
        Some(known)
    }

    /// Warns of variables that nothing reads.
    pub(super) fn idle(&mut self, scope: &mut Scope) {
        for variable in scope.idle() {
            let message = format!("nothing uses `{}`", variable.name);
            self.say(Diagnostic::warning("unused", variable.span, message));
        }
    }
}
