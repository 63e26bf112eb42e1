// The filesystem's part of a system's profile: limits of paths, who owns what is made, and the
// order in which calls on names judge them.
//
// The defaults are Linux 6.18's, observed on ext4 and tmpfs; FreeBsdProfile() changes what differs.
// Sources: path_resolution(7), inode(7), chmod(2), chown(2), proc_sys_fs(5); FreeBSD's intro(2),
// vfs_lookup.c, vfs_syscalls.c, vfs_subr.c (vaccess), ufs_lookup.c, ufs_vnops.c and kern_prot.c.
#ifndef DRYWIRE_STACK_PERSONALITY_VFS_PROFILE_H_
#define DRYWIRE_STACK_PERSONALITY_VFS_PROFILE_H_

#include <cstdint>

namespace drywire {

// Who judges the last component of a path that is to be made, removed or renamed.
enum class NameRule : uint8_t {
  // Linux: the path leads to the directory; then the call looks at the name, the mount, the entry
  // and the directory's permissions, in this order (filename_create, do_unlinkat, do_renameat2).
  kCallJudges,
  // FreeBSD: the look-up is told what it is for, and refuses on the way (namei with CREATE, DELETE
  // or RENAME). A trailing slash is followed through a symbolic link like any other.
  kLookupJudges,
};

// What gives up the set-user-ID and set-group-ID bits of a file that is written to or given away.
enum class SetIdRule : uint8_t {
  kLinux,    // set-group-ID only with group execution; chown() by the privileged too
  kFreeBsd,  // both, unless the caller is privileged
};

// How setuid() and its relatives choose among the real, effective and saved ids.
enum class IdentityRule : uint8_t {
  kLinux,    // setuid() of the unprivileged sets the effective id, to the real or the saved one
  kFreeBsd,  // setuid() sets all three, to the real or the effective one; groups[0] is the egid
};

struct VfsProfile {
  // --- Paths ---
  NameRule name_rule = NameRule::kCallJudges;
  int64_t path_max = 4096;               // PATH_MAX: bytes of a path and its NUL
  int64_t name_max = 255;                // NAME_MAX
  int64_t max_symlinks = 40;             // MAXSYMLINKS: as many are followed, one more is an error
  bool links_count_to_path_max = false;  // a link's target and what follows it are one path
  bool name_length_before_search = false;    // a long component is found before search permission
  bool removed_directory_has_parent = true;  // ".." of a removed directory
  bool link_follows_symlinks = false;        // link() of a symbolic link is one to its target
  bool empty_symlink_target = false;         // symlink("", ...) is allowed
  // utimensat() judges flags and times before it looks for the file, and looks for it even when
  // there is nothing to set. Source: FreeBSD kern_utimensat().
  bool times_judged_first = false;

  // --- Making files ---
  bool group_from_directory = false;  // BSD: always; System V: of set-group-ID directories only
  bool symlink_mode_obeys_umask = false;
  int64_t open_mode_mask = 07777;               // of the mode that open() with O_CREAT asks for
  int64_t mkdir_mode_mask = 01777;              // of mkdir()'s
  bool mknod_makes_any_file = true;             // regular files and sockets too, not only FIFOs
  bool open_takes_no_access = true;             // the access mode 3 of open()
  bool open_shows_large_file = true;            // F_GETFL has the kernel's O_LARGEFILE
  bool open_creates_in_directory_mode = false;  // O_CREAT with O_DIRECTORY is a look-up

  // --- Changing and using files ---
  SetIdRule set_id_rule = SetIdRule::kLinux;
  // chmod(): the set-group-ID bit of a group that is not the caller's is an error; so is the sticky
  // bit of a file that is no directory.
  bool chmod_refuses_special_bits = false;
  bool empty_chown_is_judged = true;       // chown() that changes neither id
  bool relatime = true;                    // reading changes the access time only when it is old
  bool socket_type_before_access = false;  // connect(): no socket, before no permission
  bool privilege_before_path = false;      // chroot() and mknod() ask for it before they look
  bool readlink_needs_room = true;         // readlink() into no bytes is an error

  // --- Settings ---
  // fs.protected_hardlinks; systemd sets it, and so did the machine observed. The kernel's own
  // default is 0.
  int64_t protected_hardlinks = 1;
  int64_t protected_symlinks = 0;  // fs.protected_symlinks
  int64_t hardlink_check_uid = 0;  // security.bsd.hardlink_check_uid
  int64_t hardlink_check_gid = 0;  // security.bsd.hardlink_check_gid

  // --- Sizes ---
  int64_t link_max = 65000;       // links of one file: ext4; UFS: 65530
  int64_t block_size = 4096;      // st_blksize
  int64_t directory_size = 4096;  // st_size of a directory

  // --- Identity ---
  IdentityRule identity_rule = IdentityRule::kLinux;
  int64_t ngroups_max = 65536;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_PERSONALITY_VFS_PROFILE_H_
