//! Evaluates drawn features of Market-1501's size and says what that took.
//!
//! ```text
//! cargo run --release -p reid-apps --example evaluate_speed -- draw DIR [QUERIES [GALLERY [DIM]]]
//! cargo run --release -p reid-apps --example evaluate_speed -- run DIR [--rerank] [--memory BYTES]
//! cargo run --release -p reid-apps --example evaluate_speed -- dumps DIR
//! ```
//!
//! `draw` leaves a features folder, and the same numbers as text dumps where DIR ends in `dumps`;
//! each other line is a process of its own, so that the peak of memory that the system counted is
//! its own. `tools/reference/evaluate.py` computes the same with numpy and scipy.

use std::error::Error;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use ndarray::Array2;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use reid_apps::data::{Camera, PersonId};
use reid_apps::eval::{Options, RerankParameters, report_folder};
use reid_apps::features::{Features, ModelInfo, Provenance, Row, SetFeatures, read_text_dumps};

const PEOPLE: u32 = 750;
const CAMERAS: u32 = 6;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [what, folder, more @ ..] = arguments.as_slice() else {
        return Err("usage: evaluate_speed draw|run|dumps DIR …".into());
    };
    let folder = Path::new(folder);
    let began = Instant::now();
    match what.as_str() {
        "draw" => {
            let number = |at: usize, default| more.get(at).map_or(Ok(default), |text| text.parse());
            return draw(
                folder,
                number(0, 3368)?,
                number(1, 15913)?,
                number(2, 2048)?,
            );
        }
        "run" => {
            let after = more.iter().position(|word| word == "--memory");
            let mut options = Options {
                rerank: more
                    .iter()
                    .any(|word| word == "--rerank")
                    .then(RerankParameters::default),
                ..Options::default()
            };
            if let Some(after) = after {
                options.memory = more.get(after + 1).ok_or("--memory BYTES")?.parse()?;
            }
            println!("{}", report_folder(folder, &options)?);
        }
        "dumps" => println!("{:?}", read_text_dumps(folder)?.features.dim()),
        other => return Err(format!("{other:?}, wanted draw, run or dumps").into()),
    }
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "{seconds:.2} s, {:.2} s of processor, peak {} MB",
        processor()?,
        peak()? / 1_000_000
    );
    Ok(())
}

/// Returns the seconds of processor time that the process has taken, in its own code and the system's.
fn processor() -> Result<f64, Box<dyn Error>> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let fields = stat.rsplit(')').next().ok_or("no fields")?;
    let mut ticks = fields.split_whitespace().skip(11).map(str::parse::<f64>);
    let mut tick = || ticks.next().ok_or("too few fields");
    // Linux counts in hundredths for programs, whatever its own clock.
    Ok((tick()?? + tick()??) / 100.0)
}

/// Returns the most memory that the process had resident, in bytes, as the system counted it.
fn peak() -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next());
    Ok(kibibytes.ok_or("no VmHWM")?.parse::<u64>()? * 1024)
}

fn draw(folder: &Path, queries: usize, gallery: usize, dim: usize) -> Result<(), Box<dyn Error>> {
    let mut random = Pcg64::seed_from_u64(1);
    let centres = Array2::from_shape_simple_fn((PEOPLE as usize, dim), || random.random::<f32>());
    let mut set = |name: &str, count: usize| {
        let mut plain = Array2::<f32>::zeros((count, dim));
        let mut rows = Vec::with_capacity(count);
        for (position, mut row) in plain.rows_mut().into_iter().enumerate() {
            let person = random.random_range(0..PEOPLE);
            row.assign(&centres.row(person as usize));
            row.mapv_inplace(|value| value + 3.0 * random.random::<f32>());
            let camera = random.random_range(1..=CAMERAS);
            rows.push(Row {
                name: format!("{:04}_c{camera}s1_{position:06}_{name}.jpg", person + 1),
                id: PersonId(person.cast_signed() + 1),
                camera: Camera(camera),
            });
        }
        let flip = plain.mapv(|value| value + 0.5);
        SetFeatures { rows, plain, flip }
    };
    let (query, gallery) = (set("q", queries), set("g", gallery));
    if folder.ends_with("dumps") {
        fs::create_dir_all(folder)?;
        for (position, row) in gallery.plain.rows().into_iter().enumerate() {
            let mut file = Vec::with_capacity(dim * 9);
            for value in row {
                write!(file, "{value:.6} ")?;
            }
            file.push(b'\n');
            fs::write(folder.join(format!("{position:05}_1.txt")), file)?;
        }
        return Ok(());
    }
    let provenance = Provenance {
        run: "0000000000000000".to_owned(),
        model: ModelInfo {
            dim,
            ..ModelInfo::default()
        },
        ..Provenance::default()
    };
    Features {
        provenance,
        query,
        gallery,
    }
    .write(folder)?;
    Ok(())
}
