import CSandbox
import Testing

@testable import ProcessRunner

@Suite("The filter of system calls")
struct SyscallFilterTests {
    /// What the filter answers, as the kernel would execute it.
    private func answer(_ call: Int, _ arguments: [UInt64] = [], machine: UInt32 = SyscallFilter.machine, of role: SyscallFilter.Role = .program)
        -> UInt32?
    {
        let steps = SyscallFilter(for: role).steps
        let words: [UInt32] =
            [UInt32(truncatingIfNeeded: call), machine, 0, 0]
            + (arguments + Array(repeating: 0, count: 6 - arguments.count)).flatMap {
                [UInt32(truncatingIfNeeded: $0), UInt32(truncatingIfNeeded: $0 >> 32)]
            }
        var (index, value): (Int, UInt32) = (0, 0)
        while steps.indices.contains(index) {
            let step = steps[index]
            index += 1
            switch step.code {
            case 0x20: value = words[Int(step.value) / 4]
            case 0x15: index += Int(value == step.value ? step.ifTrue : step.ifFalse)
            case 0x35: index += Int(value >= step.value ? step.ifTrue : step.ifFalse)
            case 0x45: index += Int(value & step.value != 0 ? step.ifTrue : step.ifFalse)
            case 0x06: return step.value
            default: return nil
            }
        }
        return nil
    }

    private let allow = SyscallFilter.Answer.allow
    private let refusal = SyscallFilter.Answer.refuse(SyscallFilter.notPermitted)

    @Test("what programs need passes")
    func ordinary() {
        for call in [0, 1, 2, 3, 9, 12, 39, 57, 59, 60, 231, 257, 281, 302, 318, 439] where !SyscallFilter.refused.contains(call) {
            if [Int(TACIT_CALL_CLONE), Int(TACIT_CALL_SOCKET), Int(TACIT_CALL_UNSHARE), Int(TACIT_CALL_CLONE3)].contains(call) { continue }
            #expect(answer(call) == allow, "\(call)")
        }
    }

    @Test("each refused call is refused, whatever its arguments", arguments: SyscallFilter.refused)
    func refused(call: Int) {
        #expect(answer(call) == refusal)
        #expect(answer(call, [.max, .max, .max, .max, .max, .max]) == refusal)
    }

    @Test("no call gives a file another's power; what the mode is where nothing is made means nothing")
    func setID() {
        for (call, argument) in SyscallFilter.modes where call >= 0 {
            for mode: UInt64 in [0o4755, 0o2755, 0o6000, 0xFFFF_0000_0000_0800] {
                var arguments = [UInt64](repeating: 0, count: 6)
                arguments[Int(argument)] = mode
                #expect(answer(call, arguments) == refusal, "\(call) \(mode)")
            }
            var arguments = [UInt64](repeating: 0, count: 6)
            arguments[Int(argument)] = 0o1777
            #expect(answer(call, arguments) == allow)
        }
        for (call, flags) in SyscallFilter.openings where call >= 0 {
            func open(_ flag: UInt64, _ mode: UInt64) -> UInt32? {
                var arguments = [UInt64](repeating: 0, count: 6)
                (arguments[Int(flags)], arguments[Int(flags) + 1]) = (flag, mode)
                return answer(call, arguments)
            }
            #expect(open(0o101, 0o4755) == refusal && open(0o20_200_002, 0o4755) == refusal)
            #expect(open(0o101, 0o644) == allow && open(0, 0o4755) == allow && open(0o200_000, .max) == allow)
        }
        #expect(answer(Int(TACIT_CALL_OPENAT2)) == SyscallFilter.Answer.refuse(SyscallFilter.noSuchCall))
        #expect(answer(Int(TACIT_CALL_OPENAT2), of: .launcher) == allow)
    }

    @Test("the list has the calls that the promise names")
    func named() {
        let promised = [
            TACIT_CALL_PTRACE, TACIT_CALL_PROCESS_VM_READV, TACIT_CALL_PROCESS_VM_WRITEV, TACIT_CALL_PIDFD_GETFD, TACIT_CALL_KCMP,
            TACIT_CALL_PERF_EVENT_OPEN, TACIT_CALL_BPF, TACIT_CALL_ADD_KEY, TACIT_CALL_REQUEST_KEY, TACIT_CALL_KEYCTL,
            TACIT_CALL_IO_URING_SETUP, TACIT_CALL_USERFAULTFD, TACIT_CALL_OPEN_BY_HANDLE_AT, TACIT_CALL_MOUNT, TACIT_CALL_FSOPEN,
            TACIT_CALL_OPEN_TREE, TACIT_CALL_MOVE_MOUNT, TACIT_CALL_MOUNT_SETATTR, TACIT_CALL_SETNS,
        ]
        for call in promised { #expect(SyscallFilter.refused.contains(Int(call))) }
    }

    @Test(
        "threads and processes can be made, namespaces cannot",
        arguments: [0x20000, 0x0200_0000, 0x0400_0000, 0x0800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000])
    func namespaces(flag: UInt64) {
        let (clone, unshare) = (Int(TACIT_CALL_CLONE), Int(TACIT_CALL_UNSHARE))
        #expect(answer(clone, [0x3D0F00]) == allow)
        #expect(answer(clone, [17]) == allow)
        #expect(answer(unshare, [0x400]) == allow)
        for extra: UInt64 in [0, 17, 0x1_0000_0000] {
            #expect(answer(clone, [flag | extra]) == refusal)
            #expect(answer(unshare, [flag | extra]) == refusal)
        }
        #expect(answer(unshare, [0x80]) == refusal)
        #expect(answer(Int(TACIT_CALL_CLONE3)) == SyscallFilter.Answer.refuse(SyscallFilter.noSuchCall))
    }

    @Test("sockets are of three families")
    func families() {
        for call in [Int(TACIT_CALL_SOCKET), Int(TACIT_CALL_SOCKETPAIR)] {
            for family: UInt64 in 0..<48 {
                let expected = [1, 2, 10].contains(family) ? allow : SyscallFilter.Answer.refuse(SyscallFilter.noSuchFamily)
                #expect(answer(call, [family]) == expected)
                // The kernel takes the lower half.
                #expect(answer(call, [family | 1 << 40]) == expected)
            }
        }
    }

    @Test("nobody types into a terminal, whatever stands in the upper half")
    func controls() {
        for control: UInt64 in [0x5412, 0x541C, 0x5412 | 1 << 32] { #expect(answer(Int(TACIT_CALL_IOCTL), [0, control]) == refusal) }
        for control: UInt64 in [0x5401, 0x5413] { #expect(answer(Int(TACIT_CALL_IOCTL), [0, control]) == allow) }
    }

    @Test("a runner starts nothing more, and opens no connection", arguments: SyscallFilter.refused + SyscallFilter.refusedToRunners)
    func runners(call: Int) {
        #expect(answer(call, of: .runner) == refusal)
        #expect(answer(call, [.max, 1, 2, 10, .max, .max], of: .runner) == refusal)
    }

    @Test("a runner reads, writes, waits, signals, maps memory and leaves")
    func runnersWork() {
        // Numbers of x86-64 and of arm64 that are none of the refused on either.
        for call in [0, 1, 3, 9, 11, 12, 7, 61, 62, 87, 231, 257, 271, 439]
        where !(SyscallFilter.refused + SyscallFilter.refusedToRunners).contains(call) {
            #expect(answer(call, of: .runner) == allow, "\(call)")
        }
    }

    @Test("another machine's calls end the process, and its numbers on this one are unknown")
    func machines() {
        #expect(answer(0, machine: 0x4000_0003) == SyscallFilter.Answer.kill)
        if TACIT_FOREIGN_CALLS != 0 {
            #expect(answer(Int(TACIT_FOREIGN_CALLS) | 101) == SyscallFilter.Answer.refuse(SyscallFilter.noSuchCall))
        }
    }
}
