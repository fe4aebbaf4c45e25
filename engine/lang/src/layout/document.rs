//! Text with brackets that may be filled over several lines.

/// How wide a line may become.
pub(super) const WIDTH: usize = 120;

/// A piece of text.
pub(super) enum Doc {
    Text(String),
    Joined(Vec<Doc>),
    /// Two parts that stand on two lines, the second under the first, if one is too short for them.
    Stacked(Box<Doc>, Box<Doc>),
    /// Items between brackets, with commas.
    Group {
        open: &'static str,
        items: Vec<Doc>,
        close: &'static str,
    },
}

impl Doc {
    pub(super) fn text_of(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn joined(parts: impl IntoIterator<Item = Self>) -> Self {
        Self::Joined(parts.into_iter().collect())
    }

    /// The text, when it begins at this column.
    pub(super) fn text(&self, column: usize) -> String {
        let mut out = String::new();
        self.write(column, &mut out);
        out
    }

    fn flat(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Joined(parts) => parts.iter().map(Self::flat).collect(),
            Self::Stacked(first, second) => format!("{} {}", first.flat(), second.flat()),
            Self::Group { open, items, close } => {
                let items: Vec<String> = items.iter().map(Self::flat).collect();
                format!("{open}{}{close}", items.join(", "))
            }
        }
    }

    /// Writes at the end of `out`, whose first line began at `start`.
    fn write(&self, start: usize, out: &mut String) {
        let column = column(start, out);
        let flat = self.flat();
        if column + width(&flat) <= WIDTH {
            out.push_str(&flat);
            return;
        }
        match self {
            Self::Text(text) => out.push_str(text),
            Self::Joined(parts) => parts.iter().for_each(|part| part.write(start, out)),
            Self::Stacked(first, second) => {
                first.write(start, out);
                out.push('\n');
                out.extend(std::iter::repeat_n(' ', column));
                second.write(start, out);
            }
            Self::Group { open, items, close } => {
                out.push_str(open);
                let inner = column + width(open);
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                        let fits = self::column(start, out) + 1 + width(&item.flat()) <= WIDTH;
                        if fits {
                            out.push(' ');
                        } else {
                            out.push('\n');
                            out.extend(std::iter::repeat_n(' ', inner));
                        }
                    }
                    item.write(start, out);
                }
                out.push_str(close);
            }
        }
    }
}

/// Characters in a line.
pub(super) fn width(text: &str) -> usize {
    text.chars().count()
}

/// The column that the next character comes to.
fn column(start: usize, out: &str) -> usize {
    match out.rsplit_once('\n') {
        Some((_, last)) => width(last),
        None => start + width(out),
    }
}
