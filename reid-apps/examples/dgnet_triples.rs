//! Draws swaps for the training of a DG-Net: who gives the clothes, who wears them, and how that looks.
//!
//! ```text
//! cargo run --release -p reid-apps --example dgnet_triples -- FIRST_SEED [COUNT] > triples.raw
//! ```
//!
//! Each swap is five pictures of 64 x 128, rows first, channels last, RGB bytes, one behind the other: content,
//! structure, the truth, which is the structure's scene in the content's clothes, and two maps for helping the training
//! along: the content's garments, and the parts of the structure's body. The first two went through JPEG like every file of
//! the set; the others are without the sensor's grain. Without a count it writes until its reader goes.
//!
//! In a map a garment is bright in the channels of [`MARKS`] and all else is dark.
use std::error::Error;
use std::io::{ErrorKind, Write};

use reid_apps::imaging::decode_bytes;
use reid_apps::synth::{
    Appearance, Bag, Colour, Dice, Lower, Options, Pattern, Purpose, Scene, Shot, Sleeve,
    encode_jpeg, plan,
};

/// Swaps that are taken from the people and cameras of one seed.
const PER_SEED: u64 = 64;
/// Share of the pairs that are two pictures of one person.
const SAME: f32 = 0.15;

/// The colours of upper garment, second colour, lower garment, shoes, bag and hat in a map.
const MARKS: [[f32; 3]; 6] = [
    [1.0, 0.0, 0.0],
    [1.0, 1.0, 0.0],
    [0.0, 1.0, 0.0],
    [0.0, 0.0, 1.0],
    [1.0, 0.0, 1.0],
    [0.0, 1.0, 1.0],
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let first = arguments
        .next()
        .ok_or("usage: dgnet_triples FIRST_SEED [COUNT] > FILE")?;
    let first: u64 = first.parse()?;
    let count = arguments.next().map_or(Ok(u64::MAX), |text| text.parse())?;
    let mut out = std::io::stdout().lock();
    let mut shots: Vec<Shot> = Vec::new();
    for number in 0..count {
        let seed = first + number / PER_SEED;
        if number % PER_SEED == 0 {
            shots = plan(&Options::plain(seed, 24));
            shots.retain(|shot| shot.person > 0);
        }
        let dice = &mut Dice::new(seed, Purpose::Custom, &[number]);
        match out.write_all(&triple(&shots, dice)?) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => break,
            result => result?,
        }
    }
    Ok(())
}

fn triple(shots: &[Shot], dice: &mut Dice) -> Result<Vec<u8>, Box<dyn Error>> {
    let structure = &shots[dice.below(shots.len())];
    let same = dice.chance(SAME);
    let mut content = &shots[dice.below(shots.len())];
    while same != (content.person == structure.person) {
        content = &shots[dice.below(shots.len())];
    }
    let mut truth = structure.scene.dressed_as(&content.scene);
    truth.camera.noise = 0.0;
    let mut bytes = seen(&content.scene)?;
    bytes.extend(seen(&structure.scene)?);
    bytes.extend(truth.draw().rgb());
    bytes.extend(map(&content.scene, |clothes| clothes));
    // The same clothes for everybody: what is left is the body.
    let parts = |clothes| Appearance {
        pattern: Pattern::Plain,
        sleeve: Sleeve::Long,
        lower: Lower::Trousers,
        bag: Bag::None,
        hat: None,
        ..clothes
    };
    bytes.extend(map(&structure.scene, parts));
    Ok(bytes)
}

/// Draws a scene twice, in bright clothes and in black ones, and subtracts.
fn map(scene: &Scene, dressed: impl Fn(Appearance) -> Appearance) -> Vec<u8> {
    let draw = |brightness: f32| {
        let mut scene = scene.clone();
        (scene.camera.noise, scene.camera.saturation) = (0.0, 1.0);
        (scene.camera.gain, scene.camera.gamma, scene.moment.gamma) = ([1.0; 3], 1.0, 1.0);
        if let Some(subject) = &mut scene.subject {
            let clothes = dressed(subject.identity.appearance);
            let [upper, accent, lower_colour, shoes, bag_colour, hat] =
                MARKS.map(|mark| Colour(mark.map(|channel| channel * brightness)));
            subject.identity.appearance = Appearance {
                upper,
                accent,
                lower_colour,
                shoes,
                bag_colour,
                hat: clothes.hat.map(|_| hat),
                ..clothes
            };
        }
        scene.draw()
    };
    let (bright, dark) = (draw(1.0), draw(0.0));
    let pairs = bright.rgb().iter().zip(dark.rgb());
    pairs.map(|(a, b)| a.saturating_sub(*b)).collect()
}

/// The pixels that a reader of the file gets.
fn seen(scene: &Scene) -> Result<Vec<u8>, Box<dyn Error>> {
    let file = encode_jpeg(&scene.draw(), scene.camera.quality)?;
    Ok(decode_bytes(&file)?.into_bytes())
}
