//! Expressions and lines that read concepts, within a transaction.

use std::pin::Pin;
use std::sync::Arc;

use concord::rt::Given;
use concord::{Json, Kind, Name, Refusal, Tx, Value};
use concord_lang::Plan;
use concord_lang::plan::{Call, Expr, ExprKind, Mode, Otherwise, Part, Step, StepKind};

use super::pattern::{fits, unbind};
use super::pure::{self, Frame};
use super::world::{World, is_bounded};
use crate::fact::Fact;
use crate::flow::Record;
use crate::registry::ActionRef;
use crate::transaction::Engine;

/// Why a line did not go on.
#[derive(Debug)]
pub(crate) enum Halt {
    /// An `else` refuses.
    Else(Refusal),
    /// A query, or an action of `admit`, failed.
    Failed(ActionRef, Refusal),
    /// The expressions built more than may be held.
    Burst(Refusal),
}

impl Halt {
    /// Whether the `else` of a line speaks for this as well: `admit` also answers for what its actions refuse.
    fn is_dropping(&self, call: Option<&Call>) -> bool {
        let acts = call.is_some_and(|call| call.rows.is_none());
        match self {
            Self::Else(_) => true,
            Self::Burst(_) => false,
            Self::Failed(_, refusal) if acts => {
                !matches!(refusal.kind, Kind::Internal | Kind::Upstream | Kind::Unavailable)
            }
            Self::Failed(_, refusal) => refusal.kind == Kind::NotFound,
        }
    }
}

/// Lines that have been run.
pub(crate) struct Framed {
    /// What is left.
    pub(crate) frames: Vec<Frame>,
    /// The line that dropped the last frame, and that frame.
    pub(crate) dropped: Option<(usize, Frame)>,
}

/// What asks: a transaction and what it runs on.
pub(crate) struct Asking<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) plan: &'a Plan,
    pub(crate) tx: &'a mut Tx,
    /// What actions of `admit` did.
    pub(crate) facts: Vec<Fact>,
    /// Bytes that expressions have built.
    pub(crate) built: usize,
}

type Later<'s, T> = Pin<Box<dyn Future<Output = T> + Send + 's>>;

impl Asking<'_> {
    /// What expressions see of it.
    pub(crate) fn world(&mut self) -> World<'_> {
        World { tx: self.tx, built: &mut self.built }
    }

    /// Runs lines, one after the other, over all frames.
    pub(crate) async fn lines(
        &mut self,
        steps: &[Step],
        frame: Frame,
    ) -> Result<Framed, (usize, Frame, Halt)> {
        let (mut frames, mut kept) = (vec![frame], Vec::with_capacity(1));
        for (at, step) in steps.iter().enumerate() {
            let mut dropped = None;
            for mut frame in frames.drain(..) {
                let goes_on = self.step(step, &mut frame, &mut kept).await;
                match (goes_on, &step.otherwise) {
                    (Ok(true), _) => {}
                    (Ok(false), None) => dropped = Some((at, frame)),
                    (Ok(false), Some(otherwise)) => {
                        let refusal = self.refusal(otherwise, &mut frame).await;
                        return Err((at, frame, refusal));
                    }
                    (Err(halt), Some(otherwise)) if halt.is_dropping(called(step)) => {
                        let refusal = self.refusal(otherwise, &mut frame).await;
                        return Err((at, frame, refusal));
                    }
                    (Err(halt), _) => return Err((at, frame, halt)),
                }
            }
            if kept.is_empty() {
                return Ok(Framed { frames: kept, dropped });
            }
            std::mem::swap(&mut frames, &mut kept);
        }
        Ok(Framed { frames, dropped: None })
    }

    /// What an `else` refuses with.
    async fn refusal(&mut self, otherwise: &Otherwise, frame: &mut Frame) -> Halt {
        let code: String = otherwise.code.as_ref().into();
        let message: String = otherwise.message.as_ref().into();
        let mut refusal = Refusal::new(otherwise.kind, "", message);
        refusal.code = code.into();
        if let Some(details) = &otherwise.details {
            match self.value(details, frame).await {
                Ok(Value::Object(fields)) => {
                    for (name, value) in fields.iter() {
                        refusal = refusal.with(name, serde_json::to_value(value).unwrap_or_default());
                    }
                }
                Ok(_) => {}
                Err(halt) => return halt,
            }
        }
        Halt::Else(refusal)
    }

    /// Runs a line in a frame, and says whether anything is left, which goes to `kept`. If nothing is, the frame is as it
    /// was; if something is, it may have gone there itself.
    async fn step(&mut self, step: &Step, frame: &mut Frame, kept: &mut Vec<Frame>) -> Result<bool, Halt> {
        match &step.kind {
            StepKind::Keep(condition) => {
                if !self.value(condition, frame).await?.is_true() {
                    return Ok(false);
                }
            }
            StepKind::Let(slot, expr) => {
                let value = self.value(expr, frame).await?;
                if value.is_null() && step.otherwise.is_some() {
                    return Ok(false);
                }
                frame[*slot] = value;
            }
            StepKind::Call(mode, call) => return self.query(*mode, call, frame, kept).await,
        }
        kept.push(std::mem::take(frame));
        Ok(true)
    }

    async fn query(
        &mut self,
        mode: Mode,
        call: &Call,
        frame: &mut Frame,
        kept: &mut Vec<Frame>,
    ) -> Result<bool, Halt> {
        let optional = matches!(mode, Mode::Optional | Mode::OptionalFirst | Mode::No);
        let rows = match self.rows(call, frame).await {
            Ok(rows) => rows,
            Err(Halt::Failed(_, refusal)) if optional && refusal.kind == Kind::NotFound => [].into(),
            Err(halt) => return Err(halt),
        };
        let before = kept.len();
        for (at, row) in rows.iter().enumerate() {
            let is_last = match mode {
                Mode::Each | Mode::Optional => at + 1 == rows.len(),
                Mode::First | Mode::OptionalFirst | Mode::No => true,
            };
            // What the pattern names was null before: nothing else binds it.
            match (fits(&call.outs, row, frame, &mut self.world()), mode) {
                (true, Mode::Each | Mode::Optional | Mode::First | Mode::OptionalFirst) if is_last => {
                    kept.push(std::mem::take(frame));
                    return Ok(true);
                }
                (true, Mode::No) => {
                    unbind(&call.outs, frame);
                    return Ok(false);
                }
                (true, _) => {
                    self.built = self.built.saturating_add(size_of_val(&**frame));
                    is_bounded(self.built)?;
                    kept.push(frame.clone());
                }
                (false, _) => {}
            }
            unbind(&call.outs, frame);
        }
        if optional && kept.len() == before {
            kept.push(std::mem::take(frame));
        }
        Ok(kept.len() > before)
    }

    /// The rows of a query; of an action in `admit`, its one result.
    async fn rows(&mut self, call: &Call, frame: &mut Frame) -> Result<Arc<[Value]>, Halt> {
        let action = ActionRef::from(call.action);
        let input = self.args(call, frame).await?;
        let (noted, result) = self.engine.invoke(action, self.tx, Given::Value(&input)).await;
        if call.rows.is_none() {
            let record = Record::new(action, self.tx.now(), noted, &result);
            self.facts.push(Fact::new(record, Json::Value(input)));
        }
        let output = result.map_err(|refusal| Halt::Failed(action, refusal))?;
        Ok(match output.value() {
            Value::List(rows) => rows,
            result => [result].into(),
        })
    }

    /// The arguments of a call. One that is null is one that was not given.
    pub(crate) async fn args(&mut self, call: &Call, frame: &mut Frame) -> Result<Value, Halt> {
        let args: Arc<[(Name, Value)]> = if call.args.iter().any(|(_, expr)| expr.asks) {
            let mut args = Vec::with_capacity(call.args.len());
            for (name, expr) in &call.args {
                args.push((name.into(), self.value(expr, frame).await?));
            }
            args.into()
        } else {
            let mut world = self.world();
            let arg = |(name, expr): &(Arc<str>, Expr)| (name.into(), pure::value(expr, frame, &mut world));
            call.args.iter().map(arg).collect()
        };
        is_bounded(self.built)?;
        let is_null = |(_, value): &(Name, Value)| value.is_null();
        if args.iter().any(is_null) {
            return Ok(Value::Object(args.iter().filter(|arg| !is_null(arg)).cloned().collect()));
        }
        Ok(Value::Object(args))
    }

    /// The value of an expression.
    pub(crate) async fn value(&mut self, expr: &Expr, frame: &mut Frame) -> Result<Value, Halt> {
        let value = if expr.asks {
            self.asked(expr, frame).await?
        } else {
            pure::value(expr, frame, &mut self.world())
        };
        is_bounded(self.built)?;
        Ok(value)
    }

    fn asked<'s>(&'s mut self, expr: &'s Expr, frame: &'s mut Frame) -> Later<'s, Result<Value, Halt>> {
        Box::pin(async move {
            Ok(match &*expr.kind {
                ExprKind::Member(object, name) => self.value(object, frame).await?.field(name),
                ExprKind::Index(list, at) => {
                    let list = self.value(list, frame).await?;
                    pure::index(&list, &self.value(at, frame).await?)
                }
                ExprKind::Object(parts) => self.object(parts, frame).await?,
                ExprKind::List(items) => {
                    let mut values = Vec::with_capacity(items.len());
                    for item in items {
                        values.push(self.value(item, frame).await?);
                    }
                    pure::list_of(values, &mut self.world())
                }
                ExprKind::Rows { call, filter, give } => {
                    let rows = self.rows(call, frame).await?;
                    let mut given = Vec::with_capacity(rows.len());
                    for row in rows.iter() {
                        if fits(&call.outs, row, frame, &mut self.world()) {
                            self.give(filter.as_ref(), give, frame, &mut given).await?;
                        }
                    }
                    unbind(&call.outs, frame);
                    pure::list_of(given, &mut self.world())
                }
                ExprKind::Items { slot, list, filter, give } => {
                    let list = self.value(list, frame).await?;
                    let mut given = Vec::new();
                    if let Value::List(items) = list {
                        for item in items.iter() {
                            frame[*slot] = item.clone();
                            self.give(filter.as_ref(), give, frame, &mut given).await?;
                        }
                        frame[*slot] = Value::Null;
                    }
                    pure::list_of(given, &mut self.world())
                }
                ExprKind::If(condition, yes, no) => {
                    let branch = if self.value(condition, frame).await?.is_true() { yes } else { no };
                    self.value(branch, frame).await?
                }
                ExprKind::Otherwise(first, second) => match self.value(first, frame).await? {
                    Value::Null => self.value(second, frame).await?,
                    found => found,
                },
                ExprKind::And(a, b) => {
                    let both = self.value(a, frame).await?.is_true() && self.value(b, frame).await?.is_true();
                    Value::Bool(both)
                }
                ExprKind::Or(a, b) => {
                    let any = self.value(a, frame).await?.is_true() || self.value(b, frame).await?.is_true();
                    Value::Bool(any)
                }
                ExprKind::Not(inner) => Value::Bool(!self.value(inner, frame).await?.is_true()),
                ExprKind::Compute(op, a, b) => {
                    let a = self.value(a, frame).await?;
                    let b = self.value(b, frame).await?;
                    pure::compute(*op, &a, &b, &mut self.world())
                }
                ExprKind::Function(name, args) => {
                    let args = self.values(args, frame).await?;
                    super::functions::function(*name, &args, &mut self.world())
                }
                ExprKind::View(view, args) => {
                    let args = self.values(args, frame).await?;
                    self.view(*view, args).await?
                }
                // These ask nothing.
                ExprKind::Const(_) | ExprKind::Slot(_) => pure::value(expr, frame, &mut self.world()),
            })
        })
    }

    async fn values(&mut self, exprs: &[Expr], frame: &mut Frame) -> Result<Vec<Value>, Halt> {
        let mut values = Vec::with_capacity(exprs.len());
        for expr in exprs {
            values.push(self.value(expr, frame).await?);
        }
        Ok(values)
    }

    async fn object(&mut self, parts: &[Part], frame: &mut Frame) -> Result<Value, Halt> {
        let mut fields = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Part::Field(name, expr) => {
                    pure::set(&mut fields, name.into(), self.value(expr, frame).await?);
                }
                Part::Spread(expr) => pure::spread(&mut fields, &self.value(expr, frame).await?),
            }
        }
        Ok(pure::object(fields, &mut self.world()))
    }

    async fn give(
        &mut self,
        filter: Option<&Expr>,
        give: &Expr,
        frame: &mut Frame,
        given: &mut Vec<Value>,
    ) -> Result<(), Halt> {
        if let Some(filter) = filter
            && !self.value(filter, frame).await?.is_true()
        {
            return Ok(());
        }
        given.push(self.value(give, frame).await?);
        Ok(())
    }

    /// A view's value; null when one of its lines drops.
    async fn view(&mut self, view: usize, args: Vec<Value>) -> Result<Value, Halt> {
        let plan = self.plan;
        let view = &plan.views[view];
        let mut frame = args;
        frame.resize(view.slots, Value::Null);
        let framed = self.lines(&view.body, frame).await.map_err(|(_, _, halt)| halt)?;
        match framed.frames.into_iter().next() {
            Some(mut frame) => self.value(&view.give, &mut frame).await,
            None => Ok(Value::Null),
        }
    }
}

fn called(step: &Step) -> Option<&Call> {
    match &step.kind {
        StepKind::Call(_, call) => Some(call),
        StepKind::Let(..) | StepKind::Keep(_) => None,
    }
}
