// SPDX-License-Identifier: Apache-2.0
// dyad-lun put together: one thread, one poll loop over the session's socket, the FUSE descriptor, the control socket
// and the signals.
#pragma once

#include "base/result.h"
#include "platform/linux/file_descriptor.h"
#include "storage/lun/control_socket.h"
#include "storage/lun/fuse_export.h"
#include "storage/lun/lun_core.h"
#include "storage/lun/lun_options.h"

namespace dyad::storage {

class LunServer {
public:
    explicit LunServer(LunOptions options);

    // Returns the exit status when a signal or the service ends it.
    [[nodiscard]] int run();

private:
    [[nodiscard]] Result<void> begin();
    [[nodiscard]] Result<void> takePidFile();
    void control(const LunMessage& message);
    void sessionUp(const Capacity& capacity);
    void sayState();
    void say(const std::string& line); // one line for the log; not the same line again and again

    LunOptions m_options;
    LunCore m_core;
    IscsiSession m_session;
    ControlSocket m_control;
    FuseExport m_export;
    platform::FileDescriptor m_pidFile; // locked as long as this process lives
    platform::FileDescriptor m_signals;
    std::string m_detail;    // last trouble, or empty
    std::string m_arrayText; // what the array says of its reservations; told where there is no trouble to tell
    std::string m_lastLine;
    std::uint64_t m_sizeBytes = 0;
    std::uint32_t m_blockBytes = 0;
    bool m_exported = false;
    bool m_quit = false;
};

} // namespace dyad::storage
