//! How the time of a suite grows with the number of servers, as SVG.

use std::{error::Error, fs, path::Path};

use plotters::prelude::*;

use crate::runner::Measured;

/// The colours of the lines: Okabe and Ito's, which colour-blind readers can distinguish.
const COLORS: [RGBColor; 8] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(90, 90, 90),
    RGBColor(160, 120, 60),
];

/// Writes `NAME.svg` to a directory, for a suite that was measured at more than one size: µs per
/// server by number of servers, so that linear time is a level line.
pub fn write(measured: &Measured, dir: &Path) -> Result<(), Box<dyn Error>> {
    let points = || measured.lines.iter().flat_map(|(_, points)| points);
    let sizes = points().map(|(servers, _)| *servers);
    let (Some(least), Some(most)) = (sizes.clone().min(), sizes.max()) else { return Ok(()) };
    if least == most {
        return Ok(());
    }
    let each = |(servers, ns): &(usize, f64)| (*servers as f64, ns / 1000.0 / *servers as f64);
    let low = points().map(|p| each(p).1).fold(f64::INFINITY, f64::min);
    let high = points().map(|p| each(p).1).fold(0.0, f64::max);

    fs::create_dir_all(dir)?;
    let path = dir.join(format!("{}.svg", measured.name));
    let root = SVGBackend::new(&path, (760, 460)).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption(measured.title, ("sans-serif", 20))
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(64)
        .build_cartesian_2d(
            (least as f64 * 0.9..most as f64 * 1.1).log_scale(),
            // Space for the names above the lines.
            (low * 0.7..high * 6.0).log_scale(),
        )?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .x_desc("servers")
        .y_desc("µs a server")
        .x_label_formatter(&|x| format!("{x}"))
        .y_label_formatter(&|y| format!("{y}"))
        .draw()?;
    for ((name, points), color) in measured.lines.iter().zip(COLORS.into_iter().cycle()) {
        if points.is_empty() {
            continue;
        }
        let line = LineSeries::new(points.iter().map(each), color.stroke_width(2)).point_size(3);
        chart
            .draw_series(line)?
            .label(*name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], color.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .background_style(WHITE.mix(0.85))
        .label_font(("sans-serif", 11))
        .draw()?;
    root.present()?;
    Ok(())
}
