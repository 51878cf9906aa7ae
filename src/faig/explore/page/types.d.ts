// What the page's modules pass to each other. Pictures are RGB of 8 bits; a place is [x, y, width, height] in pixels.

export type Place = [number, number, number, number];

/** A picture: RGBA of 8 bits, alpha 255 throughout. */
export type Picture = ImageData;

export interface Trained { step: string; low: number; high: number; unit: string }
export interface Curve { strength: number[]; psnr: number[]; noise: number[]; sharpness: number[] }
/** By function and way. */
export type Curves = Record<string, Record<string, Curve | null>>;
export interface PairFunction {
  name: string; job: string; colour?: string; trained: Trained | null; set: string;
  degradation: string | null; curve: Curve | null;
  /** The share of the whole job that its filters do, where that is little. */
  hardly: number | null;
}
export interface Ranking { index: string; score: string }
export interface Method { name: string; functions: Record<string, Ranking> }
/** name, out, inputs, start */
export type Layer = [string, number, number, number];
export interface Example { id: string; title: string; credit: string; width: number; height: number }

/** pair.json, or GET /api/pair. */
export interface Pair {
  name: string; version: string; scale: number; channels: number; parameters: number;
  functions: PairFunction[]; down: string; ways: string[];
  space: { unit: string; units: number; layers: Layer[] };
  methods: Method[]; sets: Record<string, string>; examples: Example[];
  limits: { bytes: number; pixels: number }; command: string; preview: number;
  curves?: Curves;
  graph?: { file: string; strengths: number; bytes: number };
  kernels?: { file: string; layers: [number, number][] };
}

/** How a photo is made worse: levels by step of the pair's functions, 0 or null is none. */
export interface Worse { blur: number; noise: number; jpeg: number | null; seed: number }
export interface Input { photo: string; crop: Place | null; worse: Worse | null }
export type Action = "revert" | "strength" | "graft" | "cut";
export interface MapChange { action: Action; strength: number; units: [number, number][] }
export interface Change { way: string; strengths: Record<string, number>; map: MapChange | null }
export interface State { input: Input; change: Change; view: { left: string; right: string } }

export interface Quality { psnr: number; ssim: number | null }
/** What is there before a network has run. */
export interface Early { input: Picture; gt: Picture | null }
export interface Prepared {
  size: [number, number];
  lr: [number, number];
  pictures: { input: Picture; gt: Picture | null; baseline: Picture; target: Picture };
  numbers: { baseline: Quality | null; target: Quality | null };
}
export interface Altered {
  /** Where in the output the pictures are: all of it, or the preview. */
  place: Place;
  pictures: { altered: Picture; difference: Picture };
  numbers: { psnr: number | null; ssim: number | null };
  seconds: number;
}
export interface Other { input: string; picture: Picture; psnr: number | null; psnr_target: number | null }
export type Band = [number, number];
export interface Control { off: Record<string, Band>; leak: Record<string, Band>; of: string }
/** By function: `off` 1 is what the baseline does; `leak` is what changes on other inputs; both twice. */
export interface Numbers {
  off: Record<string, number>; leak: Record<string, number>;
  off_pixels: Record<string, number>; leak_pixels: Record<string, number>;
  wrecked: string; others: Other[]; control: Control | null;
}
export type Matrix = number[][];
export interface Unit {
  layer: string; out: number; in: number;
  kernels: { baseline: Matrix; target: Matrix; difference: Matrix } | null;
  ranks: Record<string, Record<string, { rank: number | null; score: number; confidence?: number | null }>>;
  predicted: Record<string, number> | null;
}
export interface Commands { shell: string; python: string }

/** What computes: PyTorch behind HTTP, or this browser. A newer call of the same kind makes older ones stop. */
export interface Engine {
  kind: "server" | "browser";
  /** What it can do: kinds of downloads, actions of the map. */
  downloads: string[];
  actions: Action[];
  /** Whether random sets are asked for in a second call of `numbers`, because they take long. */
  controlApart: boolean;
  pair(): Promise<Pair>;
  /** Null where none are known; they may come much later. */
  curves(): Promise<Curves | null>;
  addPhoto(file: Blob): Promise<{ id: string; picture: Picture }>;
  photo(id: string): Promise<Picture>;
  thumbnail(id: string): string;
  prepare(input: Input, early: (pictures: Early) => void): Promise<Prepared>;
  /** `live`: a slider is held, so what takes long may be left out of the numbers. */
  alter(input: Input, change: Change, full: boolean, live: boolean): Promise<Altered>;
  numbers(input: Input, change: Change, control: boolean): Promise<Numbers>;
  unit(index: number): Promise<Unit>;
  download(input: Input, change: Change, kind: string): Promise<Blob>;
  commands(input: Input, change: Change): Promise<Commands>;
  /** Stops what is computed, as soon as that can be. */
  cancel(): void;
  /** Called with a line on what takes long, and how far it is in [0, 1]; with an empty one when it is done. */
  onprogress: (line: string, share: number) => void;
}
