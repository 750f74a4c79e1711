//! Which pictures a set has and what each shows, before any is drawn.
//!
//! The plan follows from the options alone, so a picture need not be stored to
//! be drawn again, whole or with another's clothes.

use serde::{Deserialize, Serialize};

use super::{CameraModel, Dice, Figure, Identity, Moment, Options, Pose, Purpose, Scene};

/// A folder of the Market-1501 layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Folder {
    /// `query`.
    #[serde(rename = "query")]
    Query,
    /// `bounding_box_test`.
    #[serde(rename = "bounding_box_test")]
    Gallery,
    /// `bounding_box_train`.
    #[serde(rename = "bounding_box_train")]
    Train,
}

impl Folder {
    /// All three; all must exist even when one is empty.
    pub const ALL: [Self; 3] = [Self::Query, Self::Gallery, Self::Train];

    /// Gives the name on disk.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Gallery => "bounding_box_test",
            Self::Train => "bounding_box_train",
        }
    }
}

/// One picture of the set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shot {
    /// Its folder.
    pub folder: Folder,
    /// Person: 1 and above, 0 for a distractor, -1 for junk.
    pub person: i32,
    /// Camera, from 1.
    pub camera: u32,
    /// Number of the video frame.
    pub frame: u32,
    /// Number of the detection in the frame.
    pub detection: u32,
    /// What it shows.
    pub scene: Scene,
}

impl Shot {
    /// Gives the file name in the grammar of Market-1501, such as `0002_c1s1_000451_03.jpg`.
    #[must_use]
    pub fn file_name(&self) -> String {
        let person = if self.person < 0 {
            self.person.to_string()
        } else {
            format!("{:04}", self.person)
        };
        format!(
            "{person}_c{}s1_{:06}_{:02}.jpg",
            self.camera, self.frame, self.detection
        )
    }
}

/// Two sorts of people draw from separate numbers.
#[derive(Clone, Copy)]
struct Group {
    person: Purpose,
    sightings: Purpose,
    shot: Purpose,
    first: u32,
}

struct Planner<'a> {
    options: &'a Options,
    cameras: Vec<CameraModel>,
    shots: Vec<Shot>,
}

/// Plans every picture of a set, in a fixed order: people, training people,
/// distractors, junk. The options are taken as they are; [`Options::check`]
/// says whether the names will be distinct.
#[must_use]
pub fn plan(options: &Options) -> Vec<Shot> {
    let cameras = (0..options.cameras)
        .map(|number| CameraModel::random(options.seed, number, options.camvar))
        .collect();
    let mut planner = Planner {
        options,
        cameras,
        shots: Vec::new(),
    };
    let test = Group {
        person: Purpose::Person,
        sightings: Purpose::Sightings,
        shot: Purpose::Shot,
        first: 1,
    };
    let train = Group {
        person: Purpose::TrainPerson,
        sightings: Purpose::TrainSightings,
        shot: Purpose::TrainShot,
        first: options.identities + 1,
    };
    let people = planner.people(test, options.identities);
    planner.sightings(test, &people, false);
    let strangers = planner.people(train, options.train_identities);
    planner.sightings(train, &strangers, true);
    planner.distractors();
    planner.junk(&people);
    planner.shots
}

impl Planner<'_> {
    fn dice(&self, purpose: Purpose, indices: &[u64]) -> Dice {
        Dice::new(self.options.seed, purpose, indices)
    }

    fn people(&self, group: Group, count: u32) -> Vec<Identity> {
        let mut people: Vec<Identity> = Vec::new();
        for number in 0..count {
            let dice = &mut self.dice(group.person, &[u64::from(number)]);
            let fresh = Identity::random(dice);
            let twin = !people.is_empty() && dice.chance(self.options.twins);
            people.push(if twin {
                let model = people[dice.below(people.len())];
                model.twin(&fresh, dice)
            } else {
                fresh
            });
        }
        people
    }

    /// Chooses at least two cameras, in ascending order.
    fn seen_by(&self, dice: &mut Dice) -> Vec<u32> {
        let mut cameras: Vec<u32> = (0..self.options.cameras).collect();
        for end in (1..cameras.len()).rev() {
            cameras.swap(end, dice.below(end + 1));
        }
        let count = dice.between(2, self.options.cameras.max(2)) as usize;
        cameras.truncate(count);
        cameras.sort_unstable();
        cameras
    }

    fn sightings(&mut self, group: Group, people: &[Identity], train: bool) {
        for (number, identity) in (0_u32..).zip(people) {
            let mut dice = self.dice(group.sightings, &[u64::from(number)]);
            for camera in self.seen_by(&mut dice) {
                let frame = dice.between(100, 98_999);
                // Somebody mostly goes one way while one camera sees them.
                let turn = dice.normal() * 0.8;
                for shot in 0..=self.options.shots {
                    let indices = [number, camera, shot].map(u64::from);
                    let folder = match (train, shot) {
                        (true, _) => Folder::Train,
                        (false, 0) => Folder::Query,
                        (false, _) => Folder::Gallery,
                    };
                    let mut dice = self.dice(group.shot, &indices);
                    let scene = self.sighting(&mut dice, camera, identity, turn);
                    self.shots.push(Shot {
                        folder,
                        person: i32::try_from(group.first + number).expect("at most 9999"),
                        camera: camera + 1,
                        frame: frame + 25 * shot,
                        detection: shot,
                        scene,
                    });
                }
            }
        }
    }

    fn sighting(&self, dice: &mut Dice, camera: u32, identity: &Identity, turn: f32) -> Scene {
        let model = self.cameras[camera as usize];
        let bystander = dice.chance(0.15 * self.options.hard).then(|| {
            let side = dice.pick(&[0.05, 0.95]);
            Figure {
                identity: Identity::random(dice),
                pose: Pose::random(dice, &model, 0.0).placed(side, 0.8),
            }
        });
        Scene {
            camera: model,
            subject: Some(Figure {
                identity: *identity,
                pose: Pose::random(dice, &model, turn),
            }),
            bystander,
            moment: Moment::random(dice, &model, self.options.bgmix, self.options.hard),
        }
    }

    fn distractors(&mut self) {
        for number in 0..self.options.distractor_count() {
            let dice = &mut self.dice(Purpose::Distractor, &[u64::from(number)]);
            let camera = dice.between(0, self.options.cameras - 1);
            let model = self.cameras[camera as usize];
            // A badly framed stranger, or no person at all.
            let subject = dice.chance(0.6).then(|| Figure {
                identity: Identity::random(dice),
                pose: Pose::random(dice, &model, 0.0)
                    .placed(dice.range(-0.1, 1.1), dice.range(0.5, 1.3)),
            });
            let moment = Moment::random(dice, &model, self.options.bgmix, self.options.hard);
            self.stray(0, camera, 200_000 + number, model, moment, subject);
        }
    }

    fn junk(&mut self, people: &[Identity]) {
        for number in 0..self.options.junk_count() {
            let dice = &mut self.dice(Purpose::Junk, &[u64::from(number)]);
            let camera = dice.between(0, self.options.cameras - 1);
            let model = self.cameras[camera as usize];
            // One of the people, but a frame that caught a part only.
            let identity = people[dice.below(people.len())];
            let pose = Pose::random(dice, &model, 0.0)
                .placed(dice.range(-0.05, 1.05), dice.range(1.3, 1.9));
            let moment = Moment::random(dice, &model, self.options.bgmix, self.options.hard);
            let subject = Some(Figure { identity, pose });
            self.stray(-1, camera, 100_000 + number, model, moment, subject);
        }
    }

    fn stray(
        &mut self,
        person: i32,
        camera: u32,
        frame: u32,
        model: CameraModel,
        moment: Moment,
        subject: Option<Figure>,
    ) {
        self.shots.push(Shot {
            folder: Folder::Gallery,
            person,
            camera: camera + 1,
            frame,
            detection: 1,
            scene: Scene {
                camera: model,
                moment,
                subject,
                bystander: None,
            },
        });
    }
}
