#![allow(clippy::unwrap_used)]
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

use super::super::Preprocessor;
use super::*;

/// The fast path, or `None` after saying that this machine has none.
fn fused(recipe: Recipe) -> Option<Fused> {
    let fused = Fused::new(recipe, &Normaliser::new(recipe.mean, recipe.std));
    if fused.is_none() {
        println!("SKIPPED: this processor has no AVX2 and FMA");
    }
    fused
}

/// Noise, or only black and white, where the sums leave 0..=255 the furthest.
fn picture(random: &mut Pcg64Mcg, width: usize, height: usize, harsh: bool) -> RgbImage {
    let bytes = (0..width * height * 3).map(|_| {
        let byte: u8 = random.random();
        if harsh { byte / 128 * 255 } else { byte }
    });
    RgbImage::from_bytes(width, height, bytes.collect()).unwrap()
}

fn bits(numbers: &[f32]) -> Vec<u32> {
    numbers.iter().map(|number| number.to_bits()).collect()
}

fn compare(recipe: Recipe, sizes: &[(usize, usize)], random: &mut Pcg64Mcg) {
    let Some(mut fused) = fused(recipe) else {
        return;
    };
    let mut steps = Preprocessor::step_by_step(recipe);
    let mut wanted = vec![0.0; recipe.output_len()];
    let (mut wanted_flip, mut found) = (wanted.clone(), wanted.clone());
    let mut flip = wanted.clone();
    for (index, &(width, height)) in sizes.iter().enumerate() {
        let image = picture(random, width, height, index % 2 == 0);
        steps
            .run_image(&image, &mut wanted, Some(&mut wanted_flip))
            .unwrap();
        found.fill(f32::NAN);
        flip.fill(f32::NAN);
        fused.write(&image, &mut found, Some(&mut flip));
        let case = format!("{width} x {height} to {} x {}", recipe.width, recipe.height);
        assert!(bits(&found) == bits(&wanted), "{case}");
        assert!(bits(&flip) == bits(&wanted_flip), "{case}, mirrored");
        found.fill(f32::NAN);
        fused.write(&image, &mut found, None);
        assert!(bits(&found) == bits(&wanted), "{case}, alone");
    }
}

#[test]
fn the_networks_tensors_have_the_bits_of_the_single_steps_at_random_sizes() {
    let mut random = Pcg64Mcg::seed_from_u64(11);
    for recipe in [Recipe::MGN, Recipe::DGNET_CONTENT, Recipe::DGNET_STRUCTURE] {
        let mut sizes = vec![(64, 128), (128, 384), (128, 256), (1, 1), (2, 3), (128, 1)];
        for _ in 0..40 {
            sizes.push((random.random_range(1..300), random.random_range(1..600)));
        }
        compare(recipe, &sizes, &mut random);
    }
}

#[test]
fn other_recipes_have_the_bits_of_the_single_steps() {
    let mut random = Pcg64Mcg::seed_from_u64(12);
    for _ in 0..60 {
        let channels = [Channels::Rgb, Channels::Grey][random.random_range(0..2)];
        let recipe = Recipe {
            width: random.random_range(1..12) * 16,
            height: random.random_range(1..90),
            channels,
            ..Recipe::MGN
        };
        let mut side = || random.random_range(1..200);
        let sizes = [(side(), side()), (side(), side())];
        compare(recipe, &sizes, &mut random);
    }
}

#[test]
fn a_photograph_shrinks_to_the_bits_of_the_single_steps() {
    compare(
        Recipe::MGN,
        &[(1999, 1201), (640, 3000)],
        &mut Pcg64Mcg::seed_from_u64(13),
    );
}

#[test]
fn the_networks_recipes_take_the_fast_path_where_the_processor_has_it() {
    for recipe in [Recipe::MGN, Recipe::DGNET_CONTENT, Recipe::DGNET_STRUCTURE] {
        assert_eq!(
            fused(recipe).is_some(),
            V3::try_new().is_some(),
            "{recipe:?}"
        );
    }
}

#[test]
fn a_width_that_is_no_multiple_of_sixteen_goes_step_by_step() {
    let recipe = Recipe {
        width: 120,
        ..Recipe::MGN
    };
    let table = Normaliser::new(recipe.mean, recipe.std);
    assert!(Fused::new(recipe, &table).is_none());
}

#[test]
fn constants_that_the_products_cannot_reproduce_go_step_by_step() {
    // A table of other constants stands for a product that rounds differently.
    let table = Normaliser::new([0.5; 3], [0.25; 3]);
    assert!(Fused::new(Recipe::MGN, &table).is_none());
}

#[test]
fn many_sizes_do_not_pile_up() {
    let recipe = Recipe {
        width: 16,
        height: 2,
        ..Recipe::MGN
    };
    let Some(mut fused) = fused(recipe) else {
        return;
    };
    let mut out = vec![0.0; recipe.output_len()];
    for side in 1..300 {
        let image = RgbImage::from_bytes(side, 2, vec![0; side * 6]).unwrap();
        fused.write(&image, &mut out, None);
    }
    assert!(fused.remembered() <= 2 * (REMEMBERED + 1));
}
