import type { BuildOptions, BuildResult } from 'esbuild';

export function bundleService(outfile: string, options?: BuildOptions): Promise<BuildResult>;
