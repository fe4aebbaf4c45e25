//! Figures, and how they are told.

use std::time::Duration;

/// The middle one; of an even number, the upper of the two.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

pub(crate) fn median_time(times: &[Duration]) -> f64 {
    median(&times.iter().map(Duration::as_secs_f64).collect::<Vec<_>>())
}

fn spread(values: &[f64]) -> (f64, f64) {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    (least, most)
}

/// A line of the report: a figure's median, its least and most, and what it should be.
pub(crate) struct Figure {
    pub(crate) name: String,
    pub(crate) values: Vec<f64>,
    pub(crate) aim: Option<Aim>,
}

#[derive(Clone, Copy)]
pub(crate) enum Aim {
    AtLeast(f64),
    AtMost(f64),
}

impl Figure {
    pub(crate) fn new(name: impl Into<String>, values: Vec<f64>) -> Self {
        Self { name: name.into(), values, aim: None }
    }

    pub(crate) fn aim(self, aim: Aim) -> Self {
        Self { aim: Some(aim), ..self }
    }

    pub(crate) fn is_met(&self) -> bool {
        match self.aim {
            Some(Aim::AtLeast(bound)) => median(&self.values) >= bound,
            Some(Aim::AtMost(bound)) => median(&self.values) <= bound,
            None => true,
        }
    }

    pub(crate) fn line(&self) -> String {
        let (least, most) = spread(&self.values);
        let middle = median(&self.values);
        let places = if middle.abs() >= 1_000.0 { 0 } else { 2 };
        let aim = match self.aim {
            None => String::new(),
            Some(Aim::AtLeast(bound)) => format!("at least {bound}"),
            Some(Aim::AtMost(bound)) => format!("at most {bound}"),
        };
        let verdict = match (self.aim.is_some(), self.is_met()) {
            (false, _) => "",
            (true, true) => "met",
            (true, false) => "MISSED",
        };
        format!(
            "{:<52} {middle:>10.places$} {least:>10.places$} {most:>10.places$}   {aim:<14} {verdict}",
            self.name
        )
    }
}
