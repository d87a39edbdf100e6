// SPDX-License-Identifier: Apache-2.0
#define FUSE_USE_VERSION 312
#include "storage/lun/fuse_export.h"

#include "platform/linux/system_error.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <linux/fuse.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef FOPEN_PARALLEL_DIRECT_WRITES
#define FOPEN_PARALLEL_DIRECT_WRITES (1 << 6)
#endif

namespace dyad::storage {

struct FuseExport::Inner {
    FuseExport* owner = nullptr;
    fuse_session* session = nullptr;
    std::string file;
    std::uint64_t sizeBytes = 0;
    std::uint32_t blockBytes = 512;
    unsigned opens = 0;
    bool mounted = false;
    fuse_buf buffer{};

    static Inner& of(fuse_req_t request) { return *static_cast<Inner*>(fuse_req_userdata(request)); }

    static void init(void*, fuse_conn_info* connection) {
        connection->want &= ~static_cast<unsigned>(FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE);
        if ((connection->capable & FUSE_CAP_ASYNC_DIO) != 0) connection->want |= FUSE_CAP_ASYNC_DIO;
        connection->max_write = maxTransferBytes;
        connection->max_read = maxTransferBytes;
        connection->max_background = maxFuseBackground;
        connection->congestion_threshold = maxFuseBackground;
    }
    static void getattr(fuse_req_t request, fuse_ino_t inode, fuse_file_info*) {
        if (inode != FUSE_ROOT_ID) {
            fuse_reply_err(request, ENOENT);
            return;
        }
        const Inner& inner = of(request);
        struct stat attributes {};
        attributes.st_ino = FUSE_ROOT_ID;
        attributes.st_mode = S_IFREG | 0600;
        attributes.st_nlink = 1;
        attributes.st_size = static_cast<off_t>(inner.sizeBytes);
        attributes.st_blksize = static_cast<blksize_t>(inner.blockBytes);
        attributes.st_blocks = static_cast<blkcnt_t>(inner.sizeBytes / 512);
        fuse_reply_attr(request, &attributes, 3600);
    }
    // The kernel truncates or changes times on some opens; the size of a LUN is what it is.
    static void setattr(fuse_req_t request, fuse_ino_t inode, struct stat*, int toSet, fuse_file_info* file) {
        if ((toSet & FUSE_SET_ATTR_SIZE) != 0)
            fuse_reply_err(request, EPERM);
        else
            getattr(request, inode, file);
    }
    static void open(fuse_req_t request, fuse_ino_t, fuse_file_info*) {
        Inner& inner = of(request);
        // libfuse has no name for parallel direct writes yet; the answer is written as the kernel wants it.
        fuse_open_out answer{};
        answer.open_flags = FOPEN_DIRECT_IO | FOPEN_NOFLUSH | FOPEN_PARALLEL_DIRECT_WRITES;
        ++inner.opens;
        fuse_reply_buf(request, reinterpret_cast<const char*>(&answer), sizeof answer);
    }
    static void release(fuse_req_t request, fuse_ino_t, fuse_file_info*) {
        Inner& inner = of(request);
        if (inner.opens > 0) --inner.opens;
        fuse_reply_err(request, 0);
    }
    [[nodiscard]] bool aligned(off_t offset, std::size_t size) const {
        return offset >= 0 && size <= maxTransferBytes && static_cast<std::uint64_t>(offset) % blockBytes == 0 &&
               size % blockBytes == 0 && static_cast<std::uint64_t>(offset) <= sizeBytes &&
               size <= sizeBytes - static_cast<std::uint64_t>(offset);
    }
    static void read(fuse_req_t request, fuse_ino_t, std::size_t size, off_t offset, fuse_file_info*) {
        const Inner& inner = of(request);
        if (offset >= 0 && static_cast<std::uint64_t>(offset) < inner.sizeBytes)
            size = std::min<std::uint64_t>(size, inner.sizeBytes - static_cast<std::uint64_t>(offset));
        else
            size = 0;
        if (size == 0) {
            fuse_reply_buf(request, nullptr, 0);
            return;
        }
        if (!inner.aligned(offset, size)) {
            fuse_reply_err(request, EINVAL);
            return;
        }
        auto transfer = std::make_shared<DataTransfer>();
        transfer->kind = DataTransfer::Kind::Read;
        transfer->offset = static_cast<std::uint64_t>(offset);
        transfer->bytes.resize(size);
        inner.owner->submit({std::move(transfer), [request](int error, DataTransfer& done) {
                                 if (error != 0)
                                     fuse_reply_err(request, error);
                                 else
                                     fuse_reply_buf(request, reinterpret_cast<const char*>(done.bytes.data()),
                                                    done.bytes.size());
                             }});
    }
    static void write(fuse_req_t request, fuse_ino_t, const char* bytes, std::size_t size, off_t offset,
                      fuse_file_info*) {
        const Inner& inner = of(request);
        if (!inner.aligned(offset, size)) {
            fuse_reply_err(request,
                           offset >= 0 && static_cast<std::uint64_t>(offset) >= inner.sizeBytes ? ENOSPC : EINVAL);
            return;
        }
        auto transfer = std::make_shared<DataTransfer>();
        transfer->kind = DataTransfer::Kind::Write;
        transfer->offset = static_cast<std::uint64_t>(offset);
        const auto* first = reinterpret_cast<const std::uint8_t*>(bytes);
        transfer->bytes.assign(first, first + size);
        inner.owner->submit({std::move(transfer), [request](int error, DataTransfer& done) {
                                 if (error != 0)
                                     fuse_reply_err(request, error);
                                 else
                                     fuse_reply_write(request, done.bytes.size());
                             }});
    }
    static void fsync(fuse_req_t request, fuse_ino_t, int, fuse_file_info*) {
        auto transfer = std::make_shared<DataTransfer>();
        transfer->kind = DataTransfer::Kind::Flush;
        of(request).owner->submit(
            {std::move(transfer), [request](int error, DataTransfer&) { fuse_reply_err(request, error); }});
    }
    // Discards and zeroing would need commands that a preempted host's target doesn't refuse: never sent.
    static void fallocate(fuse_req_t request, fuse_ino_t, int, off_t, off_t, fuse_file_info*) {
        fuse_reply_err(request, EOPNOTSUPP);
    }
};

FuseExport::FuseExport() : m_inner(std::make_unique<Inner>()) { m_inner->owner = this; }

FuseExport::~FuseExport() {
    if (!m_inner->session) return;
    // Lazily: whoever still has the file open keeps it until he closes it, and gets ENOTCONN from now on.
    if (m_inner->mounted) ::umount2(m_inner->file.c_str(), MNT_DETACH);
    fuse_session_destroy(m_inner->session);
    std::free(m_inner->buffer.mem);
}

Result<void> FuseExport::mount(const std::string& file, std::uint64_t sizeBytes, std::uint32_t blockBytes) {
    // A dead server's mount answers ENOTCONN to everything; more than one may be stacked up.
    constexpr unsigned maxStaleMounts = 16;
    for (unsigned i = 0; i < maxStaleMounts && ::umount2(file.c_str(), MNT_DETACH) == 0; ++i) {
    }
    const int made = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (made < 0) return platform::systemError("make the file to export on", file, errno);
    ::close(made);

    fuse_lowlevel_ops operations{};
    operations.init = &Inner::init;
    operations.getattr = &Inner::getattr;
    operations.setattr = &Inner::setattr;
    operations.open = &Inner::open;
    operations.release = &Inner::release;
    operations.read = &Inner::read;
    operations.write = &Inner::write;
    operations.fsync = &Inner::fsync;
    operations.fallocate = &Inner::fallocate;
    m_inner->file = file;
    m_inner->sizeBytes = sizeBytes;
    m_inner->blockBytes = blockBytes;

    fuse_args arguments = FUSE_ARGS_INIT(0, nullptr);
    const std::string maxRead = "max_read=" + std::to_string(maxTransferBytes);
    fuse_opt_add_arg(&arguments, "dyad-lun");
    fuse_opt_add_arg(&arguments, "-o");
    fuse_opt_add_arg(&arguments, maxRead.c_str());
    fuse_opt_add_arg(&arguments, "-o");
    fuse_opt_add_arg(&arguments, "fsname=dyad-lun,subtype=dyad");
    m_inner->session = fuse_session_new(&arguments, &operations, sizeof operations, m_inner.get());
    fuse_opt_free_args(&arguments);
    if (!m_inner->session) return Error{"begin a FUSE session", file, "libfuse refused its options", {}};
    errno = 0;
    if (fuse_session_mount(m_inner->session, file.c_str()) != 0) {
        const int number = errno;
        fuse_session_destroy(m_inner->session);
        m_inner->session = nullptr;
        return platform::systemError("mount the LUN's file", file, number == 0 ? EIO : number, "Is /dev/fuse there?");
    }
    m_inner->mounted = true;
    const int fd = fuse_session_fd(m_inner->session);
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
    return {};
}

int FuseExport::descriptor() const { return m_inner->session ? fuse_session_fd(m_inner->session) : -1; }

bool FuseExport::service() {
    for (unsigned i = 0; i < maxFuseBatch; ++i) {
        const int got = fuse_session_receive_buf(m_inner->session, &m_inner->buffer);
        if (got == -EINTR) continue;
        if (got == -EAGAIN || got == -ENOENT) return true; // ENOENT: the kernel took the request back
        if (got <= 0) return false;
        fuse_session_process_buf(m_inner->session, &m_inner->buffer);
        if (fuse_session_exited(m_inner->session) != 0) return false;
    }
    return true;
}

bool FuseExport::inUse() const { return m_inner->opens > 0; }

} // namespace dyad::storage
