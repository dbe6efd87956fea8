import type { BuildOptions, BuildResult } from 'esbuild';

export function bundleService(
  outfile: string,
  options?: BuildOptions,
): Promise<[service: BuildResult, tracer: BuildResult]>;
export function bundle(entryPoint: string, outfile: string, options?: BuildOptions): Promise<BuildResult>;
