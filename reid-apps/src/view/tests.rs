use super::paint::{EMPTY, PAPER};
use super::*;

fn crop(shade: u8) -> Option<Picture> {
    Some(Picture::filled(64, 128, [shade; 3]))
}

fn ranking(answers: usize) -> Ranking {
    let answer = |rank: usize| Answer {
        picture: crop(100),
        label: "0002 c3".to_owned(),
        distance: rank as f64 * 0.1,
        right: rank.is_multiple_of(2),
    };
    Ranking {
        picture: crop(50),
        name: "0002_c1s1_000451_00.jpg".to_owned(),
        label: "0002 c1".to_owned(),
        average_precision: Some(0.5),
        answers: (0..answers).map(answer).collect(),
    }
}

fn caption() -> Caption {
    Caption {
        title: "Ranking".to_owned(),
        subtitle: "Euclidean distance".to_owned(),
        note: Some("synthetic data · simulated device".to_owned()),
    }
}

/// Top of the first row of crops and left of each crop, from the frame inwards.
fn corner(style: &Style, column: usize) -> (usize, usize) {
    let top = style.margin + 24 + 10 + 24 + 38 + 8 + 30 + style.frame;
    let left = style.margin + style.frame + column * style.pitch();
    (if column == 0 { left } else { left + 26 }, top)
}

#[test]
fn frames_are_blue_for_the_query_green_for_right_and_red_for_wrong() {
    let style = Style::default();
    let sheet = ranking_sheet(&caption(), &[ranking(10)], &style);
    let colours = [QUERY_COLOUR, RIGHT_COLOUR, WRONG_COLOUR, RIGHT_COLOUR];
    for (column, colour) in colours.into_iter().enumerate() {
        let (x, y) = corner(&style, column);
        for (dx, dy) in [(0, 60), (132, 60), (60, 0), (60, 260)] {
            let at = (x + dx - 3, y + dy - 3);
            assert_eq!(
                sheet.at(at.0, at.1),
                Some(colour),
                "column {column} at {at:?}"
            );
        }
        let inside = if column == 0 { 50 } else { 100 };
        assert_eq!(
            sheet.at(x + 64, y + 128),
            Some([inside; 3]),
            "column {column}"
        );
    }
}

#[test]
fn the_size_follows_the_style_and_the_number_of_rankings() {
    let style = Style::default();
    let one = ranking_sheet(&caption(), &[ranking(10)], &style);
    let two = ranking_sheet(&caption(), &[ranking(10), ranking(3)], &style);
    assert_eq!(one.width(), 2 * 28 + 11 * 148 - 10 + 26);
    assert_eq!(one.width(), two.width());
    assert_eq!(two.height() - one.height(), 30 + 256 + 10 + 46 + 30);
    assert_eq!(one.at(0, 0), Some(PAPER));
}

#[test]
fn answers_beyond_the_columns_stand_on_lines_below() {
    let style = Style::default();
    let ten = ranking_sheet(&caption(), &[ranking(10)], &style);
    let eleven = ranking_sheet(&caption(), &[ranking(11)], &style);
    assert_eq!(ten.width(), eleven.width());
    let line = 256 + 10 + 46;
    assert_eq!(eleven.height() - ten.height(), line);
    let (x, y) = corner(&style, 1);
    // The eleventh is right, as the first is.
    assert_eq!(eleven.at(x - 3, y + line + 60), Some(RIGHT_COLOUR));
}

#[test]
fn answers_that_nobody_has_judged_are_neither_green_nor_red() {
    let style = Style {
        judged: false,
        ..Style::default()
    };
    let sheet = ranking_sheet(&caption(), &[ranking(10)], &style);
    for colour in [RIGHT_COLOUR, WRONG_COLOUR] {
        assert!(!sheet.rgb().chunks(3).any(|pixel| pixel == colour));
    }
    let (x, y) = corner(&style, 0);
    assert_eq!(sheet.at(x - 3, y + 60), Some(QUERY_COLOUR));
}

#[test]
fn any_number_of_answers_and_rankings_can_be_drawn() {
    for answers in [0, 1, 2, 9, 10, 11, 25] {
        for rankings in [0, 1, 3] {
            let rankings = vec![ranking(answers); rankings];
            let sheet = ranking_sheet(&caption(), &rankings, &Style::default());
            assert!(
                sheet.height() > 100 && sheet.width() > 600,
                "{answers} answers"
            );
        }
    }
    let tiny = Style {
        crop: (0, 0),
        columns: 0,
        judged: true,
        frame: 0,
        margin: 0,
        gap: 0,
    };
    let sheet = ranking_sheet(&Caption::default(), &[ranking(3)], &tiny);
    assert!(sheet.width() > 0);
    let sheet = contact_sheet(&Caption::default(), &[], &tiny);
    assert!(sheet.width() > 0);
}

#[test]
fn a_crop_that_cannot_be_read_becomes_a_labelled_cell() {
    let style = Style::default();
    let mut unread = ranking(1);
    unread.answers[0].picture = None;
    let sheet = ranking_sheet(&caption(), &[unread], &style);
    let (x, y) = corner(&style, 1);
    assert_eq!(sheet.at(x + 64, y + 20), Some(EMPTY));
    let dark =
        |row: usize| (0..128).any(|column| sheet.at(x + column, row).is_some_and(|p| p[0] < 160));
    assert!((y + 112..y + 144).any(dark), "no words in the cell");
    // An empty picture is no picture either.
    let mut empty = ranking(1);
    empty.answers[0].picture = Some(Picture::filled(0, 0, [0; 3]));
    assert_eq!(sheet, ranking_sheet(&caption(), &[empty], &style));
}

#[test]
fn very_long_names_are_cut_before_the_margin() {
    let long = "x".repeat(5000);
    let mut wide = ranking(3);
    wide.name.clone_from(&long);
    wide.label.clone_from(&long);
    wide.answers[2].label.clone_from(&long);
    wide.answers[2].distance = f64::MAX;
    wide.average_precision = None;
    let caption = Caption {
        title: long.clone(),
        subtitle: long.clone(),
        note: Some(long),
    };
    let sheet = ranking_sheet(&caption, &[wide], &Style::default());
    for y in 0..sheet.height() {
        for x in sheet.width() - 28..sheet.width() {
            assert_eq!(sheet.at(x, y), Some(PAPER), "ink in the margin at {x}, {y}");
        }
    }
}

#[test]
fn distances_that_are_no_numbers_are_drawn_as_words() {
    let mut odd = ranking(3);
    odd.answers[0].distance = f64::NAN;
    odd.answers[1].distance = f64::INFINITY;
    odd.answers[2].distance = -1e-300;
    let sheet = ranking_sheet(&caption(), &[odd], &Style::default());
    assert!(sheet.width() > 0);
}

#[test]
fn a_contact_sheet_wraps_after_its_columns() {
    let group = |count: usize| Group {
        label: "0001".to_owned(),
        crops: (0..count).map(|_| (crop(9), "c1".to_owned())).collect(),
    };
    let style = Style {
        columns: 5,
        ..Style::default()
    };
    let one = contact_sheet(&caption(), &[group(5)], &style);
    let two = contact_sheet(&caption(), &[group(6)], &style);
    assert_eq!(one.width(), two.width());
    assert_eq!(two.height() - one.height(), 256 + 22);
}

#[test]
fn a_png_holds_the_same_colours_and_no_temporary_file_stays() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("sheet.png");
    let sheet = ranking_sheet(&caption(), &[ranking(2)], &Style::default());
    sheet.write_png(&path).expect("a writable folder");
    let read = image::open(&path).expect("a PNG").to_rgb8();
    assert_eq!(read.as_raw().as_slice(), sheet.rgb());
    let entries = std::fs::read_dir(folder.path())
        .expect("the folder")
        .count();
    assert_eq!(entries, 1);
    let error = sheet
        .write_png(&folder.path().join("absent/sheet.png"))
        .expect_err("no folder");
    assert!(error.to_string().contains("absent"), "{error}");
    let error = Picture::filled(0, 0, [0; 3])
        .write_png(&path)
        .expect_err("no elements");
    assert!(matches!(error, ViewError::Encode { .. }), "{error}");
}

#[test]
fn bytes_of_another_size_are_refused() {
    assert!(Picture::new(2, 2, vec![0; 12]).is_ok());
    assert!(Picture::new(2, 2, vec![0; 11]).is_err());
    assert!(Picture::new(usize::MAX, 2, vec![]).is_err());
}
