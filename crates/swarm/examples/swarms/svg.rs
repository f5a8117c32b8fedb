//! The ring as a picture. All that is written are numbers: nothing of a list needs escaping.

use core::f64::consts::TAU;
use core::fmt;

use session_swarm::{OwnedArc, position};

use crate::View;

const CENTRE: f64 = 300.0;
const RADIUS: f64 = 230.0;
const WIDTH: f64 = 44.0;
const INNER: f64 = RADIUS - WIDTH / 2.0;
const OUTER: f64 = RADIUS + WIDTH / 2.0;
/// Shades of swarms by the number of members: fewest first, the last for all above.
const SHADES: [(usize, f64, &str); 4] = [
    (5, 0.25, "up to 5 members"),
    (7, 0.5, "6 or 7"),
    (9, 0.75, "8 or 9"),
    (usize::MAX, 1.0, "10 and more"),
];
// Middle tones, which can be read on white and on black.
const TEXT: &str = "#7a7a7a";
const SWARM: &str = "#3f83d8";
const MARK: &str = "#e0641f";

/// The ring of the swarms, with the place of the account on it.
pub(crate) struct Ring<'a>(pub(crate) &'a View);

/// A distance as a part of the ring, 0 to 1.
#[allow(clippy::cast_precision_loss, reason = "a picture has few digits")]
pub(crate) fn turn(distance: u64) -> f64 {
    distance as f64 / (u64::MAX as f64)
}

/// Where a position lies at some distance from the centre: 0 on top, clockwise.
fn point(position: u64, radius: f64) -> (f64, f64) {
    let (sine, cosine) = (TAU * turn(position)).sin_cos();
    (CENTRE + radius * sine, CENTRE - radius * cosine)
}

impl fmt::Display for Ring<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let View { pool, account } = self.0;
        writeln!(
            f,
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 720" font-family="sans-serif" font-size="14" fill="none">"#
        )?;
        writeln!(f, "<title>Swarms on the ring of positions</title>")?;
        for swarm in pool.swarms() {
            let Some(arc) = pool.ring().arc_of(swarm.id()) else {
                continue;
            };
            let (id, members) = (swarm.id().get(), swarm.members().len());
            let shade = SHADES.iter().find(|(most, ..)| members <= *most);
            let (colour, opacity) = match shade {
                Some((_, opacity, _)) if !self.0.is_own(swarm) => (SWARM, *opacity),
                _ => (MARK, 1.0),
            };
            write!(
                f,
                r#"<g stroke="{colour}" stroke-width="{WIDTH}" stroke-opacity="{opacity}">"#
            )?;
            write!(f, "<title>{id:016x}: {members} members</title>")?;
            sector(f, arc)?;
            writeln!(f, "</g>")?;
            // Where the id itself lies.
            line(f, id, INNER, OUTER, SWARM, 1.0)?;
        }
        if let Some(id) = account {
            line(f, position(id), RADIUS - 70.0, RADIUS + 40.0, MARK, 3.0)?;
            let (x, y) = point(position(id), RADIUS + 40.0);
            writeln!(
                f,
                r#"<circle cx="{x:.2}" cy="{y:.2}" r="6" fill="{MARK}"/>"#
            )?;
        }
        text(
            f,
            CENTRE,
            CENTRE - 8.0,
            "middle",
            format_args!("{} swarms", pool.ring().ids().len()),
        )?;
        text(
            f,
            CENTRE,
            CENTRE + 14.0,
            "middle",
            format_args!("{} nodes", pool.len()),
        )?;
        text(
            f,
            CENTRE,
            20.0,
            "middle",
            format_args!("0, clockwise up to 2^64 − 1"),
        )?;
        legend(f, account.is_some())?;
        writeln!(f, "</svg>")
    }
}

fn legend(f: &mut fmt::Formatter<'_>, has_account: bool) -> fmt::Result {
    let mut y = 610.0;
    for (_, opacity, label) in SHADES {
        writeln!(
            f,
            r#"<rect x="60" y="{:.0}" width="26" height="14" fill="{SWARM}" fill-opacity="{opacity}"/>"#,
            y - 12.0
        )?;
        text(f, 96.0, y, "start", format_args!("swarm, {label}"))?;
        y += 24.0;
    }
    text(
        f,
        300.0,
        610.0,
        "start",
        format_args!("thin lines: ids of swarms"),
    )?;
    if has_account {
        writeln!(
            f,
            r#"<rect x="300" y="622" width="26" height="14" fill="{MARK}"/>"#
        )?;
        text(
            f,
            336.0,
            634.0,
            "start",
            format_args!("swarm of the account"),
        )?;
        writeln!(f, r#"<circle cx="313" cy="653" r="6" fill="{MARK}"/>"#)?;
        text(
            f,
            336.0,
            658.0,
            "start",
            format_args!("position of the account"),
        )?;
    }
    Ok(())
}

fn sector(f: &mut fmt::Formatter<'_>, arc: OwnedArc) -> fmt::Result {
    if arc.is_whole_ring() {
        return write!(f, r#"<circle cx="{CENTRE}" cy="{CENTRE}" r="{RADIUS}"/>"#);
    }
    let (x1, y1) = point(arc.after, RADIUS);
    let (x2, y2) = point(arc.through, RADIUS);
    let is_large = u8::from(turn(arc.through.wrapping_sub(arc.after)) > 0.5);
    write!(
        f,
        r#"<path d="M{x1:.2} {y1:.2}A{RADIUS} {RADIUS} 0 {is_large} 1 {x2:.2} {y2:.2}"/>"#
    )
}

/// A line across the ring.
fn line(
    f: &mut fmt::Formatter<'_>,
    position: u64,
    from: f64,
    to: f64,
    colour: &str,
    width: f64,
) -> fmt::Result {
    let (x1, y1) = point(position, from);
    let (x2, y2) = point(position, to);
    writeln!(
        f,
        r#"<path stroke="{colour}" stroke-width="{width}" d="M{x1:.2} {y1:.2}L{x2:.2} {y2:.2}"/>"#
    )
}

fn text(
    f: &mut fmt::Formatter<'_>,
    x: f64,
    y: f64,
    anchor: &str,
    content: fmt::Arguments<'_>,
) -> fmt::Result {
    writeln!(
        f,
        r#"<text x="{x:.0}" y="{y:.0}" text-anchor="{anchor}" fill="{TEXT}">{content}</text>"#
    )
}
