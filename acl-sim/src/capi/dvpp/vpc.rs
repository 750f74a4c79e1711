//! What is done to pictures: resized, cut out, pasted, surrounded, converted, counted.

use std::ffi::c_void;

use acl_sys::{
    ACL_ERROR_INVALID_PARAM, acldvppBatchPicDesc, acldvppBorderConfig, acldvppChannelDesc,
    acldvppHist, acldvppLutMap, acldvppPicDesc, acldvppResizeConfig, acldvppRoiConfig, aclrtStream,
};

use super::{handle, process, slice, status};
use crate::machine::dvpp::border::Border;
use crate::machine::dvpp::channel::{Channel, Use, ready};
use crate::machine::dvpp::convert::{self, Matrix};
use crate::machine::dvpp::picture::{Interpolation, PicDesc, Roi, transfer};
use crate::machine::dvpp::{self, tone};
use crate::machine::failure::{Result, fail};
use crate::machine::handle::Handle;
use crate::machine::memory::{self, Range};

status! {
    fn acldvppVpcResizeAsync(
        channel: *mut acldvppChannelDesc,
        input: *mut acldvppPicDesc,
        output: *mut acldvppPicDesc,
        config: *mut acldvppResizeConfig,
        stream: aclrtStream,
    ) {
        let kind = interpolation(config)?;
        one(channel, input, output, Areas::default(), kind, stream)
    }

    fn acldvppVpcCropAsync(
        channel: *mut acldvppChannelDesc,
        input: *mut acldvppPicDesc,
        output: *mut acldvppPicDesc,
        area: *mut acldvppRoiConfig,
        stream: aclrtStream,
    ) {
        let areas = Areas { crop: Some(roi(area)?), ..Areas::default() };
        one(channel, input, output, areas, Interpolation::Bilinear, stream)
    }

    fn acldvppVpcCropResizeAsync(
        channel: *mut acldvppChannelDesc,
        input: *mut acldvppPicDesc,
        output: *mut acldvppPicDesc,
        area: *mut acldvppRoiConfig,
        config: *mut acldvppResizeConfig,
        stream: aclrtStream,
    ) {
        let kind = interpolation(config)?;
        let areas = Areas { crop: Some(roi(area)?), ..Areas::default() };
        one(channel, input, output, areas, kind, stream)
    }

    fn acldvppVpcCropAndPasteAsync(
        channel: *mut acldvppChannelDesc,
        input: *mut acldvppPicDesc,
        output: *mut acldvppPicDesc,
        area: *mut acldvppRoiConfig,
        place: *mut acldvppRoiConfig,
        stream: aclrtStream,
    ) {
        let areas = Areas { crop: Some(roi(area)?), paste: Some(roi(place)?), border: None };
        one(channel, input, output, areas, Interpolation::Bilinear, stream)
    }

    fn acldvppVpcCropResizePasteAsync(
        channel: *mut acldvppChannelDesc,
        input: *mut acldvppPicDesc,
        output: *mut acldvppPicDesc,
        area: *mut acldvppRoiConfig,
        place: *mut acldvppRoiConfig,
        config: *mut acldvppResizeConfig,
        stream: aclrtStream,
    ) {
        let kind = interpolation(config)?;
        let areas = Areas { crop: Some(roi(area)?), paste: Some(roi(place)?), border: None };
        one(channel, input, output, areas, kind, stream)
    }

    fn acldvppVpcMakeBorderAsync(
        channel: *const acldvppChannelDesc,
        input: *const acldvppPicDesc,
        output: *mut acldvppPicDesc,
        config: *const acldvppBorderConfig,
        stream: aclrtStream,
    ) {
        let border = *dvpp::border(Handle::from_ptr(config))?.lock();
        let (from, to) = (described(input)?, described(output)?);
        let inside = border.inside(&to)?;
        let size = (inside.right - inside.left + 1, inside.bottom - inside.top + 1);
        if size != (from.width, from.height) {
            return Err(fail!(
                ACL_ERROR_INVALID_PARAM,
                "the output's borders leave {}x{}, and the input is {}x{}",
                size.0, size.1, from.width, from.height
            ));
        }
        let areas = Areas { border: Some(border), ..Areas::default() };
        one(channel, input, output, areas, Interpolation::Bilinear, stream)
    }

    fn acldvppVpcBatchCropAsync(
        channel: *mut acldvppChannelDesc,
        inputs: *mut acldvppBatchPicDesc,
        counts: *mut u32,
        size: u32,
        outputs: *mut acldvppBatchPicDesc,
        areas: *mut *mut acldvppRoiConfig,
        stream: aclrtStream,
    ) {
        let batch = Batch::new(inputs, (counts, size), outputs, areas)?;
        batch.queue(channel, Interpolation::Bilinear, stream)
    }

    fn acldvppVpcBatchCropResizeAsync(
        channel: *mut acldvppChannelDesc,
        inputs: *mut acldvppBatchPicDesc,
        counts: *mut u32,
        size: u32,
        outputs: *mut acldvppBatchPicDesc,
        areas: *mut *mut acldvppRoiConfig,
        config: *mut acldvppResizeConfig,
        stream: aclrtStream,
    ) {
        let kind = interpolation(config)?;
        Batch::new(inputs, (counts, size), outputs, areas)?.queue(channel, kind, stream)
    }

    fn acldvppVpcBatchCropAndPasteAsync(
        channel: *mut acldvppChannelDesc,
        inputs: *mut acldvppBatchPicDesc,
        counts: *mut u32,
        size: u32,
        outputs: *mut acldvppBatchPicDesc,
        areas: *mut *mut acldvppRoiConfig,
        places: *mut *mut acldvppRoiConfig,
        stream: aclrtStream,
    ) {
        let batch = Batch::new(inputs, (counts, size), outputs, areas)?.paste(places)?;
        batch.queue(channel, Interpolation::Bilinear, stream)
    }

    fn acldvppVpcBatchCropResizePasteAsync(
        channel: *mut acldvppChannelDesc,
        inputs: *mut acldvppBatchPicDesc,
        counts: *mut u32,
        size: u32,
        outputs: *mut acldvppBatchPicDesc,
        areas: *mut *mut acldvppRoiConfig,
        places: *mut *mut acldvppRoiConfig,
        config: *mut acldvppResizeConfig,
        stream: aclrtStream,
    ) {
        let kind = interpolation(config)?;
        let batch = Batch::new(inputs, (counts, size), outputs, areas)?.paste(places)?;
        batch.queue(channel, kind, stream)
    }

    fn acldvppVpcBatchCropResizeMakeBorderAsync(
        channel: *mut acldvppChannelDesc,
        inputs: *mut acldvppBatchPicDesc,
        counts: *mut u32,
        size: u32,
        outputs: *mut acldvppBatchPicDesc,
        areas: *mut *mut acldvppRoiConfig,
        borders: *mut *mut acldvppBorderConfig,
        config: *mut acldvppResizeConfig,
        stream: aclrtStream,
    ) {
        let kind = interpolation(config)?;
        let mut batch = Batch::new(inputs, (counts, size), outputs, areas)?;
        for (job, border) in batch.jobs.iter_mut().zip(slice!(borders, batch.count)?) {
            job.areas.border = Some(*dvpp::border(Handle::from_ptr(*border))?.lock());
        }
        batch.queue(channel, kind, stream)
    }

    fn acldvppVpcConvertColorAsync(
        channel: *mut acldvppChannelDesc,
        input: *mut acldvppPicDesc,
        output: *mut acldvppPicDesc,
        stream: aclrtStream,
    ) {
        let channel = usable(channel)?;
        let pair = Pair::of(channel, input, output)?;
        convert::check(&pair.from, &pair.to)?;
        let matrix = Matrix::new(channel.csc);
        pair.queue(stream, move |from, to| convert::convert(from, to, matrix))
    }

    fn acldvppVpcPyrDownAsync(
        channel: *mut acldvppChannelDesc,
        input: *mut acldvppPicDesc,
        output: *mut acldvppPicDesc,
        reserved: *mut c_void,
        stream: aclrtStream,
    ) {
        check_reserved(reserved)?;
        let pair = Pair::of(usable(channel)?, input, output)?;
        pair.check_formats()?;
        tone::check_half(&pair.from, &pair.to)?;
        pair.queue(stream, tone::halve)
    }

    fn acldvppVpcEqualizeHistAsync(
        channel: *const acldvppChannelDesc,
        input: *const acldvppPicDesc,
        output: *mut acldvppPicDesc,
        table: *const acldvppLutMap,
        stream: aclrtStream,
    ) {
        let table = dvpp::lut(Handle::from_ptr(table))?.lock().now();
        let pair = Pair::of(usable(channel)?, input, output)?;
        pair.check_formats()?;
        convert::check(&pair.from, &pair.to)?;
        tone::dims(&pair.from)?;
        pair.queue(stream, move |from, to| tone::map(from, to, &table))
    }

    fn acldvppVpcCalcHistAsync(
        channel: *mut acldvppChannelDesc,
        input: *mut acldvppPicDesc,
        hist: *mut acldvppHist,
        reserved: *mut c_void,
        stream: aclrtStream,
    ) {
        check_reserved(reserved)?;
        let channel = usable(channel)?;
        let stream = process::stream(handle(stream))?;
        let picture = described(input)?;
        picture.check("input picture")?;
        channel.check_size(picture.width, picture.height)?;
        let hist = dvpp::hist(Handle::from_ptr(hist))?;
        let source = memory::resolve(picture.data, picture.bytes()?)?;
        let dims = tone::dims(&picture)?;
        let counts = {
            let mut hist = hist.lock();
            hist.dims = dims;
            std::sync::Arc::clone(&hist.counts)
        };
        stream.queue(Box::new(move || {
            source.read(|bytes| tone::count(&picture, bytes, &counts))
        }))
    }
}

/// The parts of two pictures that a call is about; none stands for all of the picture.
#[derive(Clone, Copy, Default)]
struct Areas {
    crop: Option<Roi>,
    paste: Option<Roi>,
    border: Option<Border>,
}

fn roi(config: *mut acldvppRoiConfig) -> Result<Roi> {
    Ok(*dvpp::roi(Handle::from_ptr(config))?.lock())
}

fn described(desc: *const acldvppPicDesc) -> Result<PicDesc> {
    Ok(*dvpp::picture(Handle::from_ptr(desc))?.lock())
}

fn usable(channel: *const acldvppChannelDesc) -> Result<Channel> {
    // Before the pictures, whose memory is gone when the device is.
    process::current()?;
    ready(Handle::from_ptr(channel), Use::Pictures)
}

fn check_reserved(pointer: *mut c_void) -> Result<()> {
    if pointer.is_null() {
        return Ok(());
    }
    Err(fail!(
        ACL_ERROR_INVALID_PARAM,
        "the reserved argument is {pointer:?}, wanted null"
    ))
}

fn interpolation(config: *mut acldvppResizeConfig) -> Result<Interpolation> {
    Ok(match *dvpp::resize(Handle::from_ptr(config))?.lock() {
        2 => Interpolation::Nearest,
        _ => Interpolation::Bilinear,
    })
}

/// Two pictures, checked, and the memory that they lie in.
struct Pair {
    from: PicDesc,
    to: PicDesc,
    source: Range,
    target: Range,
}

impl Pair {
    fn of(
        channel: Channel,
        input: *const acldvppPicDesc,
        output: *const acldvppPicDesc,
    ) -> Result<Self> {
        Self::new(channel, described(input)?, described(output)?)
    }

    fn new(channel: Channel, from: PicDesc, to: PicDesc) -> Result<Self> {
        from.check("input picture")?;
        to.check("output picture")?;
        channel.check_size(from.width, from.height)?;
        let source = memory::resolve(from.data, from.bytes()?)?;
        let mut target = memory::resolve(to.data, to.bytes()?)?;
        target.will_be_written();
        Ok(Self {
            from,
            to,
            source,
            target,
        })
    }

    fn check_formats(&self) -> Result<()> {
        if self.from.format == self.to.format {
            return Ok(());
        }
        Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "the input has the pixel format {}, the output {}: wanted the same",
            self.from.format,
            self.to.format
        ))
    }

    fn run(
        &self,
        work: impl FnOnce((&PicDesc, &[u8]), (&PicDesc, &mut [u8])) -> Result<()>,
    ) -> Result<()> {
        // A copy, because both may lie in one block.
        let bytes = self.source.read(<[u8]>::to_vec);
        self.target
            .write(|out| work((&self.from, &bytes), (&self.to, out)))
    }

    fn queue(
        self,
        stream: aclrtStream,
        work: impl FnOnce((&PicDesc, &[u8]), (&PicDesc, &mut [u8])) -> Result<()> + Send + 'static,
    ) -> Result<()> {
        let stream = process::stream(handle(stream))?;
        stream.queue(Box::new(move || self.run(work)))
    }
}

/// A part of a picture on its way into a part of another.
struct Transfer {
    pair: Pair,
    crop: Roi,
    place: Roi,
    border: Option<Border>,
    interpolation: Interpolation,
}

impl Transfer {
    fn new(pair: Pair, areas: Areas, interpolation: Interpolation) -> Result<Self> {
        pair.check_formats()?;
        let area = |given: Option<Roi>, picture: &PicDesc, which| match given {
            Some(roi) => roi.check(picture, which).map(|()| roi),
            None => Ok(Roi::all(picture)),
        };
        let crop = area(areas.crop, &pair.from, "rectangle to crop")?;
        let place = match &areas.border {
            Some(border) => border.inside(&pair.to)?,
            None => area(areas.paste, &pair.to, "rectangle to paste into")?,
        };
        Ok(Self {
            pair,
            crop,
            place,
            border: areas.border,
            interpolation,
        })
    }

    fn run(&self) -> Result<()> {
        self.pair.run(|(from, bytes), (to, out)| {
            transfer(
                (from, bytes, self.crop),
                (to, out, self.place),
                self.interpolation,
            )?;
            match &self.border {
                Some(border) => border.fill(to, self.place, out),
                None => Ok(()),
            }
        })
    }
}

/// Checks a picture's way into another and queues it.
fn one(
    channel: *const acldvppChannelDesc,
    input: *const acldvppPicDesc,
    output: *const acldvppPicDesc,
    areas: Areas,
    interpolation: Interpolation,
    stream: aclrtStream,
) -> Result<()> {
    let channel = usable(channel)?;
    let stream = process::stream(handle(stream))?;
    let pair = Pair::of(channel, input, output)?;
    let transfer = Transfer::new(pair, areas, interpolation)?;
    stream.queue(Box::new(move || transfer.run()))
}

/// A rectangle of one picture of a batch, and the picture of the other batch that it becomes.
struct Job {
    from: PicDesc,
    to: PicDesc,
    areas: Areas,
}

/// Rectangles of a batch of pictures: some of each picture, one after the other.
struct Batch {
    jobs: Vec<Job>,
    /// How many there are.
    count: usize,
}

impl Batch {
    fn new(
        inputs: *mut acldvppBatchPicDesc,
        (counts, size): (*mut u32, u32),
        outputs: *mut acldvppBatchPicDesc,
        areas: *mut *mut acldvppRoiConfig,
    ) -> Result<Self> {
        let inputs = dvpp::batch(Handle::from_ptr(inputs))?;
        let outputs = dvpp::batch(Handle::from_ptr(outputs))?;
        let counts: &[u32] = slice!(counts, size as usize)?;
        if counts.len() != inputs.len() {
            return Err(fail!(
                ACL_ERROR_INVALID_PARAM,
                "the batch has {} pictures, and rectangles are counted for {}",
                inputs.len(),
                counts.len()
            ));
        }
        let wanted: u64 = counts.iter().map(|count| u64::from(*count)).sum();
        if wanted != outputs.len() as u64 {
            return Err(fail!(
                ACL_ERROR_INVALID_PARAM,
                "there are {wanted} rectangles for {} output pictures: wanted one for each",
                outputs.len()
            ));
        }
        let areas: &[*mut acldvppRoiConfig] = slice!(areas, outputs.len())?;
        let repeated = inputs
            .iter()
            .zip(counts)
            .flat_map(|(input, count)| std::iter::repeat_n(*input, *count as usize));
        let jobs = repeated.zip(outputs.iter()).zip(areas);
        let jobs = jobs.map(|((input, output), area)| {
            Ok(Job {
                from: *dvpp::picture(input)?.lock(),
                to: *dvpp::picture(*output)?.lock(),
                areas: Areas {
                    crop: Some(roi(*area)?),
                    ..Areas::default()
                },
            })
        });
        Ok(Self {
            jobs: jobs.collect::<Result<_>>()?,
            count: outputs.len(),
        })
    }

    /// Adds where each rectangle is put.
    fn paste(mut self, places: *mut *mut acldvppRoiConfig) -> Result<Self> {
        let places: &[*mut acldvppRoiConfig] = slice!(places, self.count)?;
        for (job, place) in self.jobs.iter_mut().zip(places) {
            job.areas.paste = Some(roi(*place)?);
        }
        Ok(self)
    }

    fn queue(
        self,
        channel: *mut acldvppChannelDesc,
        interpolation: Interpolation,
        stream: aclrtStream,
    ) -> Result<()> {
        let channel = usable(channel)?;
        let stream = process::stream(handle(stream))?;
        let transfers = self.jobs.into_iter().map(|job| {
            let pair = Pair::new(channel, job.from, job.to)?;
            Transfer::new(pair, job.areas, interpolation)
        });
        let transfers = transfers.collect::<Result<Vec<_>>>()?;
        stream.queue(Box::new(move || {
            transfers.iter().try_for_each(Transfer::run)
        }))
    }
}
