//! Graphs of places: which of them lie on circles, and the shortest circle through one.
//!
//! Both take time that grows with the edges, and no stack: rules may wake each other in chains of any length.

use std::collections::VecDeque;

/// Where one can go from each place.
pub(super) type Edges = Vec<Vec<usize>>;

const NONE: usize = usize::MAX;

/// A number for each place; two have the same if each can be reached from the other.
pub(super) fn components(edges: &Edges) -> Vec<usize> {
    let mut back: Edges = vec![Vec::new(); edges.len()];
    for (from, to) in edges.iter().enumerate().flat_map(|(from, next)| next.iter().map(move |to| (from, *to)))
    {
        back[to].push(from);
    }
    // Kosaraju's way: whoever is done last with going forward is the first to gather what leads to it.
    let mut component = vec![NONE; edges.len()];
    for root in done_in_order(edges).into_iter().rev() {
        let mut open = vec![root];
        while let Some(place) = open.pop() {
            if component[place] == NONE {
                component[place] = root;
                open.extend(back[place].iter().filter(|next| component[**next] == NONE));
            }
        }
    }
    component
}

/// The places in the order in which a search in depth has seen all that lies behind them.
fn done_in_order(edges: &Edges) -> Vec<usize> {
    let (mut done, mut seen) = (Vec::new(), vec![false; edges.len()]);
    for start in 0..edges.len() {
        // Places on the way, each with how many of its edges have been taken.
        let mut way = if seen[start] { Vec::new() } else { vec![(start, 0)] };
        seen[start] = true;
        while let Some((place, taken)) = way.last_mut() {
            if let Some(next) = edges[*place].get(*taken).copied() {
                *taken += 1;
                if !std::mem::replace(&mut seen[next], true) {
                    way.push((next, 0));
                }
            } else {
                done.push(*place);
                way.pop();
            }
        }
    }
    done
}

/// The shortest way from a place back to it: the places on it, that one first.
pub(super) fn circle(edges: &Edges, start: usize) -> Option<Vec<usize>> {
    let mut before = vec![NONE; edges.len()];
    let mut open = VecDeque::from([start]);
    while let Some(place) = open.pop_front() {
        for next in edges[place].iter().copied() {
            if next == start {
                let way = std::iter::successors(Some(place), |at| (*at != start).then(|| before[*at]));
                let mut way: Vec<usize> = way.collect();
                way.reverse();
                return Some(way);
            }
            if before[next] == NONE {
                before[next] = place;
                open.push_back(next);
            }
        }
    }
    None
}
