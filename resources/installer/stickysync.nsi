; The Windows installer; `make installer` compiles it, or, with absolute paths since those here are the script's own,
;   makensis -WX -DVERSION=1.2.3 -DBUNDLE=DIST/StickySync -DOUTPUT=DIST/StickySync-1.2.3-setup.exe stickysync.nsi
; -DSIGN=COMMAND signs installer and uninstaller: it is run with the
; file's name behind it.
;
; Switches, in capital letters (resources/docs/administrators.md tells more):
;   /S            without any window
;   /ALLUSERS     for every user of the PC; needs an administrator
;   /CURRENTUSER  for this user alone; the default, except for the account SYSTEM
;   /AUTOSTART, /NOAUTOSTART   whether StickySync starts with Windows; an upgrade leaves it as it was
;   /D=FOLDER     where to; the last switch, without quotes
; uninstall.exe takes /S, and /PURGE to remove settings, history and logs as well.
; Exit codes: 0 done, 1 cancelled, 2 failed, 32 a running copy did not close, 740 needs an administrator.

Unicode true
Target amd64-unicode
ManifestDPIAware true
; Whoever installs for himself needs no rights; for all users it starts itself anew with an administrator's.
RequestExecutionLevel user
SetCompressor /SOLID lzma
; A file that cannot be written ends the installation; nobody may skip it.
AllowSkipFiles off
CRCCheck force

!include MUI2.nsh
!include FileFunc.nsh
!include LogicLib.nsh
!include Sections.nsh
!include nsDialogs.nsh

!define PRODUCT "StickySync"
!define PUBLISHER "StickySync for Desktop contributors"
!define WINDOW_EXE "stickysync-gui.exe"
!define CONSOLE_EXE "stickysync.exe"
!define UNINSTALL_KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\${PRODUCT}"
; Key, value and switch are those of stickysync_gui/autostart.py; tests/test_installer.py compares.
!define RUN_KEY "Software\Microsoft\Windows\CurrentVersion\Run"
!define RUN_VALUE "StickySync"
!define RUN_SWITCH "--minimised"
!define CODE_RUNNING 32
!define CODE_ELEVATION 740
; How long a running copy may take to end after it was asked to: the window itself gives a sync 15 seconds.
!ifndef PATIENCE_SECONDS
  !define PATIENCE_SECONDS 30
!endif

Name "${PRODUCT}"
OutFile "${OUTPUT}"
BrandingText "${PRODUCT} ${VERSION}"
ShowInstDetails nevershow
ShowUninstDetails nevershow
; Empty, so that .onInit sees whether /D= was given.
InstallDir ""

VIProductVersion "${VERSION}.0"
VIAddVersionKey ProductName "StickySync for Desktop"
VIAddVersionKey ProductVersion "${VERSION}"
VIAddVersionKey FileVersion "${VERSION}"
VIAddVersionKey FileDescription "StickySync for Desktop, setup"
VIAddVersionKey CompanyName "${PUBLISHER}"
VIAddVersionKey LegalCopyright "MIT License"

!ifdef SIGN
  !uninstfinalize '${SIGN} "%1"'
  !finalize '${SIGN} "%1"'
!endif

Var AllUsers ; 1 for every user of the PC
Var ChosenFolder ; what /D= gave
Var MineButton

!define MUI_ICON "..\icons\stickysync.ico"
!define MUI_UNICON "..\icons\stickysync.ico"
!define MUI_ABORTWARNING
!define MUI_COMPONENTSPAGE_SMALLDESC
!define MUI_FINISHPAGE_RUN
!define MUI_FINISHPAGE_RUN_TEXT "Start StickySync"
!define MUI_FINISHPAGE_RUN_FUNCTION StartWindow

!insertmacro MUI_PAGE_WELCOME
Page custom ScopePage ScopePageLeft
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_COMPONENTS
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_COMPONENTS
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"

; --- shared by installer and uninstaller -------------------------------------------------------------------------

; Whether a switch stands in the command line, as 1 or 0.
!macro HasSwitch SWITCH RESULT
  ${GetParameters} $R9
  ClearErrors
  ${GetOptions} $R9 "${SWITCH}" $R8
  StrCpy ${RESULT} 1
  ${If} ${Errors}
    StrCpy ${RESULT} 0
  ${EndIf}
  ClearErrors
!macroend

; Whether this process has an administrator's rights, as 1 or 0.
!macro IsElevated RESULT
  UserInfo::GetAccountType
  Pop $R9
  StrCpy ${RESULT} 0
  ${If} $R9 == "Admin"
    StrCpy ${RESULT} 1
  ${EndIf}
!macroend

!macro TakeScope
  ${If} $AllUsers == 1
    SetShellVarContext all
  ${Else}
    SetShellVarContext current
  ${EndIf}
!macroend

; Windows opens no running program for writing, whoever runs it. $R0: 1 while one of the two runs.
!macro DefineIsRunning UN
  Function ${UN}IsRunning
    StrCpy $R0 0
    ${If} ${FileExists} "$INSTDIR\${WINDOW_EXE}"
      ClearErrors
      FileOpen $R1 "$INSTDIR\${WINDOW_EXE}" a
      ${If} ${Errors}
        StrCpy $R0 1
      ${Else}
        FileClose $R1
      ${EndIf}
    ${EndIf}
    ${If} ${FileExists} "$INSTDIR\${CONSOLE_EXE}"
      ClearErrors
      FileOpen $R1 "$INSTDIR\${CONSOLE_EXE}" a
      ${If} ${Errors}
        StrCpy $R0 1
      ${Else}
        FileClose $R1
      ${EndIf}
    ${EndIf}
    ClearErrors
  FunctionEnd

  ; Asks a running copy to end, waits, and gives up before anything was touched.
  Function ${UN}CloseRunning
    again:
    Call ${UN}IsRunning
    ${If} $R0 == 0
      Return
    ${EndIf}
    DetailPrint "Asking StickySync to close"
    nsExec::Exec '"$INSTDIR\${WINDOW_EXE}" --quit'
    Pop $R2
    ${ForEach} $R3 1 ${PATIENCE_SECONDS} + 1
      Call ${UN}IsRunning
      ${If} $R0 == 0
        Return
      ${EndIf}
      Sleep 1000
    ${Next}
    MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION \
      "StickySync is still running: its window, its tray icon, or a sync in the background, perhaps of another user.$\n$\nClose it, then press Retry. Nothing was changed yet." \
      /SD IDCANCEL IDRETRY again
    SetErrorLevel ${CODE_RUNNING}
    Quit
  FunctionEnd
!macroend
!insertmacro DefineIsRunning ""
!insertmacro DefineIsRunning "un."

; --- installing --------------------------------------------------------------------------------------------------

Section "${PRODUCT}" SectionProgram
  SectionIn RO
  !insertmacro TakeScope
  Call CloseRunning

  ; The old libraries go out of the way first: a stale one beside the new would be found by the new program. They come
  ; back if copying fails.
  RMDir /r "$INSTDIR\_internal.old"
  Rename "$INSTDIR\_internal" "$INSTDIR\_internal.old"
  ${If} ${FileExists} "$INSTDIR\_internal\*.*"
    MessageBox MB_OK|MB_ICONSTOP "The old version in $INSTDIR is in use by another program. Nothing was changed." /SD IDOK
    SetErrorLevel ${CODE_RUNNING}
    Quit
  ${EndIf}
  SetOverwrite on
  SetOutPath "$INSTDIR"
  File /r "${BUNDLE}/_internal"
  File "${BUNDLE}/${WINDOW_EXE}"
  File "${BUNDLE}/${CONSOLE_EXE}"
  RMDir /r "$INSTDIR\_internal.old"

  WriteUninstaller "$INSTDIR\uninstall.exe"
  CreateShortcut "$SMPROGRAMS\${PRODUCT}.lnk" "$INSTDIR\${WINDOW_EXE}" "" "$INSTDIR\${WINDOW_EXE}" 0 SW_SHOWNORMAL "" \
    "Copies client credentials from ConnectWise Automate into IT Glue"

  ; SHCTX is the registry of this user or of the machine.
  ${GetSize} "$INSTDIR" "/S=0K" $0 $1 $2
  WriteRegStr SHCTX "${UNINSTALL_KEY}" DisplayName "${PRODUCT}"
  WriteRegStr SHCTX "${UNINSTALL_KEY}" DisplayVersion "${VERSION}"
  WriteRegStr SHCTX "${UNINSTALL_KEY}" Publisher "${PUBLISHER}"
  WriteRegStr SHCTX "${UNINSTALL_KEY}" DisplayIcon "$INSTDIR\${WINDOW_EXE}"
  WriteRegStr SHCTX "${UNINSTALL_KEY}" InstallLocation "$INSTDIR"
  WriteRegStr SHCTX "${UNINSTALL_KEY}" UninstallString '"$INSTDIR\uninstall.exe"'
  WriteRegStr SHCTX "${UNINSTALL_KEY}" QuietUninstallString '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD SHCTX "${UNINSTALL_KEY}" EstimatedSize $0
  WriteRegDWORD SHCTX "${UNINSTALL_KEY}" NoModify 1
  WriteRegDWORD SHCTX "${UNINSTALL_KEY}" NoRepair 1
SectionEnd

Section /o "Start with Windows" SectionAutostart
  !insertmacro TakeScope
  WriteRegStr SHCTX "${RUN_KEY}" "${RUN_VALUE}" '"$INSTDIR\${WINDOW_EXE}" ${RUN_SWITCH}'
SectionEnd

Section "-not at start"
  ${IfNot} ${SectionIsSelected} ${SectionAutostart}
    DeleteRegValue SHCTX "${RUN_KEY}" "${RUN_VALUE}"
  ${EndIf}
SectionEnd

!insertmacro MUI_FUNCTION_DESCRIPTION_BEGIN
  !insertmacro MUI_DESCRIPTION_TEXT ${SectionProgram} "The window, the console program, and the Start menu's entry."
  !insertmacro MUI_DESCRIPTION_TEXT ${SectionAutostart} "Starts minimised when you log on. Can be changed under Options, too."
!insertmacro MUI_FUNCTION_DESCRIPTION_END

Function .onInit
  StrCpy $ChosenFolder $INSTDIR
  StrCpy $AllUsers 0
  ; Agents for remote management run as SYSTEM, whose own profile nobody ever opens.
  UserInfo::GetName
  Pop $0
  ${If} $0 == "SYSTEM"
    StrCpy $AllUsers 1
  ${EndIf}
  !insertmacro HasSwitch "/CURRENTUSER" $0
  ${If} $0 == 1
    StrCpy $AllUsers 0
  ${EndIf}
  !insertmacro HasSwitch "/ALLUSERS" $0
  ${If} $0 == 1
    StrCpy $AllUsers 1
  ${EndIf}
  ${If} $AllUsers == 1
    !insertmacro IsElevated $0
    ${If} $0 == 0
      ${If} ${Silent}
        SetErrorLevel ${CODE_ELEVATION}
        Quit
      ${EndIf}
      Call StartElevated
      Quit
    ${EndIf}
  ${EndIf}
  Call ScopeChosen
FunctionEnd

; Folder and components as they fit the scope: where the version before is, and as it was.
Function ScopeChosen
  !insertmacro TakeScope
  ReadRegStr $0 SHCTX "${UNINSTALL_KEY}" InstallLocation
  ${If} $ChosenFolder != ""
    StrCpy $INSTDIR $ChosenFolder
  ${ElseIf} $0 != ""
    StrCpy $INSTDIR $0
  ${ElseIf} $AllUsers == 1
    StrCpy $INSTDIR "$PROGRAMFILES64\${PRODUCT}"
  ${Else}
    ; Not by $LOCALAPPDATA in the context of all users.
    StrCpy $INSTDIR "$LOCALAPPDATA\Programs\${PRODUCT}"
  ${EndIf}
  ReadRegStr $0 SHCTX "${RUN_KEY}" "${RUN_VALUE}"
  !insertmacro HasSwitch "/AUTOSTART" $1
  !insertmacro HasSwitch "/NOAUTOSTART" $2
  !insertmacro UnselectSection ${SectionAutostart}
  ${If} $2 == 0
    ${If} $0 != ""
    ${OrIf} $1 == 1
      !insertmacro SelectSection ${SectionAutostart}
    ${EndIf}
  ${EndIf}
FunctionEnd

Function ScopePage
  !insertmacro MUI_HEADER_TEXT "Who is it for?" "Settings and passwords are each user's own in either case."
  nsDialogs::Create 1018
  Pop $0
  ${NSD_CreateRadioButton} 0 10u 100% 14u "Only for &me"
  Pop $MineButton
  ${NSD_CreateRadioButton} 0 28u 100% 14u "For &all users of this PC (asks for an administrator)"
  Pop $1
  ${If} $AllUsers == 1
    ${NSD_Check} $1
  ${Else}
    ${NSD_Check} $MineButton
  ${EndIf}
  nsDialogs::Show
FunctionEnd

Function ScopePageLeft
  ${NSD_GetState} $MineButton $0
  ${If} $0 == ${BST_CHECKED}
    StrCpy $AllUsers 0
  ${Else}
    !insertmacro IsElevated $1
    ${If} $1 == 0
      Call StartElevated
      ${If} ${Errors}
        Abort
      ${EndIf}
      Quit
    ${EndIf}
    StrCpy $AllUsers 1
  ${EndIf}
  Call ScopeChosen
FunctionEnd

; Starts this installer anew with an administrator's rights; errors when the user does not give them.
Function StartElevated
  ClearErrors
  ExecShell "runas" "$EXEPATH" "/ALLUSERS"
  ${If} ${Errors}
    MessageBox MB_OK|MB_ICONINFORMATION "Installing for all users needs an administrator."
    SetErrors
  ${EndIf}
FunctionEnd

Function .onInstFailed
  ; A silent one would end with 0.
  SetErrorLevel 2
  ${If} ${FileExists} "$INSTDIR\_internal.old\*.*"
    RMDir /r "$INSTDIR\_internal"
    Rename "$INSTDIR\_internal.old" "$INSTDIR\_internal"
  ${EndIf}
FunctionEnd

; Through Explorer, so that it does not inherit an administrator's rights.
Function StartWindow
  Exec '"$WINDIR\explorer.exe" "$INSTDIR\${WINDOW_EXE}"'
FunctionEnd

; --- uninstalling ------------------------------------------------------------------------------------------------

Section "un.${PRODUCT}" UnSectionProgram
  SectionIn RO
  !insertmacro TakeScope
  Call un.CloseRunning
  ; A task for a program that is gone would fail for ever.
  nsExec::Exec '"$INSTDIR\${CONSOLE_EXE}" schedule remove'
  Pop $0
  ; By name: somebody may have chosen a folder that holds other things.
  RMDir /r "$INSTDIR\_internal"
  RMDir /r "$INSTDIR\_internal.old"
  Delete "$INSTDIR\${WINDOW_EXE}"
  Delete "$INSTDIR\${CONSOLE_EXE}"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  Delete "$SMPROGRAMS\${PRODUCT}.lnk"
  DeleteRegValue SHCTX "${RUN_KEY}" "${RUN_VALUE}"
  DeleteRegKey SHCTX "${UNINSTALL_KEY}"
  ; A user may have chosen it in the window of a version for all users.
  ReadRegStr $0 HKCU "${RUN_KEY}" "${RUN_VALUE}"
  ${If} $0 == '"$INSTDIR\${WINDOW_EXE}" ${RUN_SWITCH}'
    DeleteRegValue HKCU "${RUN_KEY}" "${RUN_VALUE}"
  ${EndIf}
SectionEnd

Section /o "un.Settings, history and logs" UnSectionPurge
  ; Those of the user who uninstalls; stickysync_gui/paths.py puts them there.
  SetShellVarContext current
  RMDir /r "$LOCALAPPDATA\${PRODUCT}"
SectionEnd

!insertmacro MUI_UNFUNCTION_DESCRIPTION_BEGIN
  !insertmacro MUI_DESCRIPTION_TEXT ${UnSectionProgram} "The program itself."
  !insertmacro MUI_DESCRIPTION_TEXT ${UnSectionPurge} "Your connection profiles, options, history of runs and logs on this PC. Nothing in Automate or IT Glue is touched."
!insertmacro MUI_UNFUNCTION_DESCRIPTION_END

Function un.onInit
  ; The machine's registry knows whether this folder is its.
  StrCpy $AllUsers 0
  ReadRegStr $0 HKLM "${UNINSTALL_KEY}" InstallLocation
  ${If} $0 == $INSTDIR
    StrCpy $AllUsers 1
    !insertmacro IsElevated $1
    ${If} $1 == 0
      ${IfNot} ${Silent}
        ExecShell "runas" "$INSTDIR\uninstall.exe"
      ${EndIf}
      SetErrorLevel ${CODE_ELEVATION}
      Quit
    ${EndIf}
  ${EndIf}
  !insertmacro HasSwitch "/PURGE" $0
  ${If} $0 == 1
    !insertmacro SelectSection ${UnSectionPurge}
  ${EndIf}
FunctionEnd
