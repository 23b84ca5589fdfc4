/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The root filesystem and everything mounted on it: mounts, devices, links, masked and read-only
 * paths.
 *
 * What to mount where is decided here, purely; what only the host can open (sources.c) becomes
 * detached mounts in slots; attaching is caisson-init's work.
 */

#include "plan/compile.h"

/* The root filesystem, mounts in their order, devices, links, the working directory, hook points,
 * the root switch. */
void rootfs_compile_mounts(struct compile *compile);
/* After the root switch: read-only and masked paths, the root's own attributes. */
void rootfs_compile_seal(struct compile *compile);

/* --- shared by the files of this room -------------------------------------------------------- */

/* Default and configured devices, and the links of /dev. */
void rootfs_compile_devices(struct compile *compile);

/* True for a bind mount: the option bind or rbind, or what some tools write instead, the type
 * "bind". */
bool rootfs_is_bind(const struct spec_mount *mount);

/* True if `path` is `directory` or beneath it. Both are clean (str_clean_path). */
bool rootfs_is_within(const char *path, const char *directory);

/* linux.rootfsPropagation as MS_*; 0 if it is not given. */
uint32_t rootfs_propagation(const struct compile *compile);
