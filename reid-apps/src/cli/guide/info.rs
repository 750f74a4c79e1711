//! `reid mgn info`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::exit::Failure;
use crate::cli::out;
use crate::guide::{InfoOptions, bin_info, jpg_info};

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum InfoCommand {
    /// List preprocessed pictures (*.bin)
    Bin(BinArgs),
    /// List pictures (*.jpg, *.jpeg, *.JPG, *.JPEG) with their sizes
    Jpg(JpgArgs),
}

#[derive(Clone, Debug, Args)]
pub(crate) struct BinArgs {
    /// The folder of the .bin files
    #[arg(value_name = "DIR")]
    folder: PathBuf,

    /// The list to write
    #[arg(value_name = "OUT")]
    out: PathBuf,

    /// The width of the pictures; for MGN 128
    #[arg(value_name = "WIDTH", value_parser = clap::value_parser!(u32).range(1..=65535))]
    width: u32,

    /// The height of the pictures; for MGN 384
    #[arg(value_name = "HEIGHT", value_parser = clap::value_parser!(u32).range(1..=65535))]
    height: u32,

    /// Take the two sizes as the guide types them, height first, and write them so
    #[arg(long)]
    as_guide: bool,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct JpgArgs {
    /// The folder of the pictures
    #[arg(value_name = "DIR")]
    folder: PathBuf,

    /// The list to write
    #[arg(value_name = "OUT")]
    out: PathBuf,

    /// Number each extension anew, jpg, jpeg, JPG, JPEG, as the guide's script does
    #[arg(long)]
    as_guide: bool,
}

pub(crate) fn run(command: &InfoCommand) -> Result<(), Failure> {
    let (lines, out) = match command {
        InfoCommand::Bin(arguments) => {
            let options = InfoOptions {
                as_guide: arguments.as_guide,
            };
            let typed = (arguments.width, arguments.height);
            let size = match (typed, arguments.as_guide) {
                ((384, 128), false) => {
                    return Err(Failure::Usage(
                        "384 128 is how the guide types it, height first; wanted WIDTH HEIGHT, 128 384, or --as-guide to write the list as the guide has it"
                            .to_owned(),
                    ));
                }
                (typed, false) => typed,
                ((height, width), true) => (width, height),
            };
            let lines = bin_info(&arguments.folder, &arguments.out, size, options);
            (lines.map_err(super::failure)?, &arguments.out)
        }
        InfoCommand::Jpg(arguments) => {
            let options = InfoOptions {
                as_guide: arguments.as_guide,
            };
            let lines = jpg_info(&arguments.folder, &arguments.out, options);
            (lines.map_err(super::failure)?, &arguments.out)
        }
    };
    Ok(out!("{lines} lines in {}", out.display())?)
}
