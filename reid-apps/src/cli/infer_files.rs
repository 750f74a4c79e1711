//! What `reid infer` leaves in files besides outputs: names, lists, and older tools' texts.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::runner::Stage;
use crate::runner::infer::{FileWork, Number, SampleFiles, Summary, Writer};

/// Spells a time as `2024_03_09-17_05_59`, UTC.
pub(super) fn timestamp(now: SystemTime) -> String {
    let seconds = now
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| time.as_secs());
    let (days, rest) = (seconds / 86400, seconds % 86400);
    // Days since 1 March of year 0, by eras of 400 years: the leap day comes last in a year.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    let year = year + era * 400 + carry;
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}_{month:02}_{day:02}-{hour:02}_{minute:02}_{second:02}")
}

/// The figures as readers of benchmark.x86_64's file look for them: key and value pairs behind
/// commas and line ends, the eighth value being the rate of the executions alone.
pub(super) fn perf_text(summary: &Summary) -> String {
    let reid = &summary.reid;
    let batch = reid.batch as f64;
    let mean = |stage: Stage| reid.stages.get(stage.name()).map_or(0.0, |q| q.mean) / batch;
    let rate = |ms: f64| if ms > 0.0 { 1000.0 / ms } else { 0.0 };
    let (read, execute) = (mean(Stage::Read), mean(Stage::Execute));
    let whole = mean(Stage::Upload) + execute + mean(Stage::Download);
    let post = mean(Stage::Postprocess) + mean(Stage::Write);
    format!(
        "[e2e] throughputRate: {:.3}, latency: {:.3}\n\
         [data read] throughputRate: {:.3}, moduleLatency: {read:.4}\n\
         [preprocess] throughputRate: {:.3}, moduleLatency: {read:.4}\n\
         [infer] throughputRate: {:.3}, Interface throughputRate: {:.3}samples/s, moduleLatency: {whole:.4}\n\
         [post] throughputRate: {:.3}, moduleLatency: {post:.4}\n",
        reid.throughput.wall,
        reid.samples as f64 * rate(reid.throughput.wall.max(0.0)),
        rate(read),
        rate(read),
        rate(whole),
        rate(execute),
        rate(post),
    )
}

/// Lists which files came of which.
pub(super) fn files_info(
    summary: &mut Summary,
    work: &FileWork,
    writer: &Writer,
    samples: std::ops::Range<usize>,
    unfinished: bool,
    outputs: usize,
) {
    let failed: std::collections::HashSet<usize> = summary
        .reid
        .failed
        .iter()
        .flat_map(|batch| batch.samples.iter().copied())
        .collect();
    for sample in samples {
        let stem = work.stem(writer, sample);
        let paths: Vec<PathBuf> = (0..outputs)
            .map(|index| writer.path(&stem, index))
            .collect();
        if failed.contains(&sample) || (unfinished && !paths.iter().all(|path| path.exists())) {
            continue;
        }
        let text = |path: &PathBuf| path.display().to_string();
        let infiles = match &work.files {
            Some(files) => files.lists.iter().map(|list| text(&list[sample])).collect(),
            None => vec!["pure_infer_data".to_owned()],
        };
        let files = SampleFiles {
            infiles,
            outfiles: paths.iter().map(text).collect(),
        };
        summary.filesinfo.insert(Number(sample), files);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn times_are_spelled_as_folders_are_named() {
        // date -u -d @N +%Y_%m_%d-%H_%M_%S
        for (seconds, wanted) in [
            (0, "1970_01_01-00_00_00"),
            (951_782_400, "2000_02_29-00_00_00"),
            (1_709_969_159, "2024_03_09-07_25_59"),
            (4_107_542_399, "2100_02_28-23_59_59"),
            (4_107_542_400, "2100_03_01-00_00_00"),
        ] {
            assert_eq!(timestamp(UNIX_EPOCH + Duration::from_secs(seconds)), wanted);
        }
    }
}
