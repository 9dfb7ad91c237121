//! `grandstand keys`: makes the secrets of a platform, where they are not there yet.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use grandstand_broker::{Keys, Role};
use grandstand_server::keys::{self, TOKEN_KEY_FILE};

/// Where they are
#[derive(Args)]
#[command(
    after_help = "Example: grandstand keys --keys data/keys --gateway-keys /srv/gateway-keys\n\
                  The folder then holds token.key, which signs tokens, and the NATS keys scoring.nk, \
                  gateway.nk and ops.nk."
)]
pub(crate) struct KeysArgs {
    /// Folder of the token secret and the broker keys; made if it is not there
    #[arg(long, value_name = "DIR", env = "GRANDSTAND_KEYS")]
    keys: PathBuf,
    /// Another folder that gets what scoring needs of it, and nothing else
    #[arg(long, value_name = "DIR", env = "GRANDSTAND_SCORING_KEYS")]
    scoring_keys: Option<PathBuf>,
    /// Another folder that gets what a gateway needs of it, and nothing else
    #[arg(long, value_name = "DIR", env = "GRANDSTAND_GATEWAY_KEYS")]
    gateway_keys: Option<PathBuf>,
}

/// Makes what is missing; again changes nothing.
pub(crate) fn run(args: &KeysArgs) -> anyhow::Result<ExitCode> {
    keys::load_or_create(&args.keys)?;
    Keys::load_or_create(&args.keys)?;
    println!("the keys are in {}", args.keys.display());
    let shares = [
        (Role::Scoring, &args.scoring_keys),
        (Role::Gateway, &args.gateway_keys),
    ];
    for (role, folder) in shares {
        if let Some(folder) = folder {
            share(&args.keys, folder, role).with_context(|| folder.display().to_string())?;
            println!("those of {} are in {} too", role.name(), folder.display());
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn share(keys_dir: &Path, folder: &Path, role: Role) -> std::io::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    for file in [TOKEN_KEY_FILE, &format!("{}.nk", role.name())] {
        // Whole before it has its name; a copy has the permissions of what was copied.
        let draft = folder.join(format!(".{file}.draft"));
        fs::copy(keys_dir.join(file), &draft)?;
        fs::set_permissions(&draft, fs::Permissions::from_mode(0o600))?;
        fs::rename(draft, folder.join(file))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_gets_its_own_keys_and_no_others() {
        let ground = tempfile::tempdir().unwrap();
        let args = KeysArgs {
            keys: ground.path().join("all"),
            scoring_keys: None,
            gateway_keys: Some(ground.path().join("gateway")),
        };
        run(&args).unwrap();
        run(&args).unwrap();

        let folder = ground.path().join("gateway");
        let mut files: Vec<_> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        assert_eq!(files, ["gateway.nk", "token.key"]);
        for file in files {
            let metadata = fs::metadata(folder.join(&file)).unwrap();
            assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{file}");
        }
        keys::load(&folder).unwrap();
    }
}
