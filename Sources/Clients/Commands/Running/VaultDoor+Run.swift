import TacitClient
import TacitWire

extension VaultDoor {
    /// Starts a run; when the keeper wants a person, asks and starts it again. The connection belongs to the run from here on.
    func startRun(_ request: RunRequest) throws -> RunStream {
        if passwords.descriptor != nil { try stepUp() }
        while true {
            do throws(ClientError) {
                let stream = try connection.startRun(request)
                // A run may go on for days.
                forgetPassword()
                return stream
            } catch {
                guard case .problem(let problem) = error, try remedy(problem) else { throw try explained(CommandFailure(error)) }
            }
        }
    }
}
