/** The memory limit of the container, which is the default of scripts/builder.sh. A test compares the two. */
export const containerMemoryBytes = 512 * 1024 ** 2;
