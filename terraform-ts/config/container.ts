/** The memory limit of the container, which scripts/builder.sh sets by default; a test compares them. */
export const containerMemoryBytes = 512 * 1024 ** 2;
