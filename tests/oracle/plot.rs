//! A plot as SVG: one small panel for each line, above each other, with its least and largest value.

/// One line.
pub(crate) struct Line {
    pub(crate) label: &'static str,
    pub(crate) points: Vec<(f64, f64)>,
}

const WIDTH: f64 = 800.0;
const PANEL: f64 = 120.0;
const MARGIN: f64 = 40.0;

/// The plot of these lines over the same axis.
pub(crate) fn svg(lines: &[Line], axis: &str) -> String {
    let height = (PANEL + MARGIN) * lines.len() as f64 + MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
        WIDTH + 2.0 * MARGIN
    );
    for (index, line) in lines.iter().enumerate() {
        svg += &panel(line, MARGIN + (PANEL + MARGIN) * index as f64);
    }
    let end = lines.iter().filter_map(|line| line.points.last()).map(|(x, _)| *x).fold(0.0, f64::max);
    svg += &format!("<text x=\"{MARGIN}\" y=\"{}\">0 to {end:.1} {axis}</text>\n</svg>\n", height - 12.0);
    svg
}

fn panel(line: &Line, top: f64) -> String {
    let end = line.points.last().map_or(1.0, |(x, _)| x.max(f64::MIN_POSITIVE));
    let values = || line.points.iter().map(|(_, y)| *y);
    let (least, most) = (values().fold(f64::INFINITY, f64::min), values().fold(0.0, f64::max));
    // From zero, so that a small change looks small.
    let scale = if most > 0.0 { PANEL / most } else { 0.0 };
    let points: Vec<String> = line
        .points
        .iter()
        .map(|(x, y)| format!("{:.1},{:.1}", MARGIN + x / end * WIDTH, top + PANEL - y * scale))
        .collect();
    format!(
        "<text x=\"{MARGIN}\" y=\"{}\">{}: {least:.1} to {most:.1}</text>\n\
         <rect x=\"{MARGIN}\" y=\"{top}\" width=\"{WIDTH}\" height=\"{PANEL}\" fill=\"none\" stroke=\"#ccc\"/>\n\
         <polyline fill=\"none\" stroke=\"#06c\" stroke-width=\"1.5\" points=\"{}\"/>\n",
        top - 6.0,
        line.label,
        points.join(" ")
    )
}
