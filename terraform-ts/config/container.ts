/** The memory limit of the container, which scripts/builder.sh sets by default. */
export const containerMemoryBytes = 512 * 1024 ** 2;
